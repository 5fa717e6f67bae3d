"""Cats and dogs: the study's VGG16 features, and ours on a fine-tuned EfficientNet-Lite."""

from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from app.inputs.spec import ImageSpec
from training import card_texts
from training.augment import Augmentation
from training.backbones.efficientnet_lite import LITE2, Variant
from training.batches import Plan
from training.datasets import cats_dogs
from training.datasets.base import Dataset, Split
from training.fit import fit
from training.network import ImageNetwork
from training.recipes.base import Fitted, OperatingTarget, Options, TaskTraining
from training.recipes.keras_fit import compile_for_labels, in_batches, neighbour_scorer, targets_for
from training.recipes.transfer import HeadStage, TuningStage, fine_tune, fit_head, for_inference, lite_network
from training.run import Run, RunError


@dataclass(frozen=True)
class CatDogReference:
    """The study's recipe: VGG16's frozen features and a small dense network (after Chollet 2017, section 5.3)."""

    task: str = "catdog"
    name: str = "reference"
    summary: str = "VGG16 frozen, Dense 256, Dropout .5, sigmoid; 2,000 photos, batch 20, 30 epochs"
    spec: ImageSpec = ImageSpec(mode="RGB", height=150, width=150)
    operating_target: OperatingTarget | None = None
    reported: str | None = "not stated"
    note: str | None = (
        "VGG16's ImageNet weights are a download, which `--weights PATH` replaces by a file; the recipe is tested with "
        "random weights only"
    )
    examples: int = 2_000
    validation_examples: int = 1_000
    epochs: int = 30
    batch_size: int = 20
    learning_rate: float = 2e-5

    def fit(self, data: Dataset, options: Options, run: Run) -> Fitted:
        """Train as the study did. The ImageNet weights come from `options.weights`, or else are downloaded.

        Raises:
            RunError: the weights cannot be had, or are of another network.
        """
        train = _first(data.train, self.examples, options.seed)
        validation = _first(data.validation, self.validation_examples, options.seed)
        shape = (self.spec.height, self.spec.width, 3)
        base = _vgg16(options.weights, shape)
        base.trainable = False
        scaled = keras.Sequential([keras.Input(shape), keras.layers.Rescaling(1 / 255), base, keras.layers.Flatten()])
        hidden = keras.Sequential(
            [
                keras.Input(scaled.output_shape[1:]),
                keras.layers.Dense(256, activation="relu"),
                keras.layers.Dropout(0.5),
            ]
        )
        classifier = keras.layers.Dense(1)
        model = keras.Sequential([hidden, classifier])
        compile_for_labels(model, keras.optimizers.RMSprop(self.learning_rate))

        def frozen(split: Split) -> np.ndarray:
            return in_batches(lambda batch: scaled(batch, training=False), split.inputs.astype(np.float32), 32)

        history = fit(
            model,
            (frozen(train), targets_for(model, train.labels)),
            (frozen(validation), targets_for(model, validation.labels)),
            Plan(options.epochs or self.epochs, self.batch_size, options.seed),
            run.stage("network"),
            quiet=run.quiet,
            workers=run.workers,
        )
        network = ImageNetwork(keras.Sequential([scaled, hidden]), classifier)
        return Fitted(network, neighbour_scorer(network, replace(data, train=train)), {"network": history})


def _vgg16(weights: Path | None, shape: tuple[int, int, int]) -> keras.Model:
    try:
        return keras.applications.VGG16(weights=str(weights or "imagenet"), include_top=False, input_shape=shape)
    # Keras raises a plain Exception for a failed download, and several kinds for a file of other weights.
    except Exception as error:
        raise RunError(
            f"VGG16's ImageNet weights cannot be loaded ({error}): get Keras' VGG16 weights without the top and pass "
            "them with --weights PATH"
        ) from error


def _first(split: Split, count: int, seed: int) -> Split:
    """Return at most `count` examples of a split, drawn by the seed."""
    return split.take(np.random.default_rng(seed).permutation(len(split))[:count])


@dataclass(frozen=True)
class CatDogLite:
    """Ours: EfficientNet-Lite2 with a linear classifier, then its upper blocks fine-tuned."""

    task: str = "catdog"
    name: str = "lite2"
    summary: str = "EfficientNet-Lite2, linear classifier on frozen features, then upper blocks fine-tuned"
    spec: ImageSpec = ImageSpec(mode="RGB", height=260, width=260, resize="bicubic")
    operating_target: OperatingTarget | None = None
    reported: str | None = None
    note: str | None = None
    variant: Variant = LITE2
    head: HeadStage = HeadStage(views=1, penalty=1e-3)
    tuning: TuningStage = TuningStage(from_block="block11", epochs=4, learning_rate=5e-5)
    augmentation: Augmentation = Augmentation(
        flip=True,
        rotate=10.0,
        zoom=(0.9, 1.3),
        stretch=0.2,
        shift=0.05,
        brightness=20.0,
        contrast=0.2,
        blur=0.6,
    )

    def fit(self, data: Dataset, options: Options, run: Run) -> Fitted:
        """Fit the classifier on frozen features, then fine-tune."""
        network = lite_network(self.variant, self.spec)
        fit_head(network, data, self.head, self.augmentation, options.seed, run)
        tuning = replace(self.tuning, epochs=options.epochs or self.tuning.epochs)
        history = fine_tune(network, data, tuning, self.augmentation, options.seed, run)
        network = for_inference(network, self.variant, self.spec)
        return Fitted(network, neighbour_scorer(network, data), {"tuning": history})


TRAINING = TaskTraining((CatDogReference(), CatDogLite()), cats_dogs.discover, card_texts.CATDOG)
