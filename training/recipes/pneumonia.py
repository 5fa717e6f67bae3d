"""Pneumonia: the study's three networks, and ours on a pretrained trunk over greyscale pictures."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import keras

from app.inputs.spec import ImageSpec
from training import card_texts
from training.augment import Augmentation
from training.backbones.efficientnet_lite import LITE0, Variant
from training.batches import Plan
from training.datasets import chest_xray
from training.datasets.base import Dataset
from training.ensemble import EnsembleNetwork
from training.network import ImageNetwork
from training.recipes.base import Fitted, OperatingTarget, Options, TaskTraining
from training.recipes.keras_fit import Weights, fit_end_to_end, neighbour_scorer
from training.recipes.transfer import HeadStage, TuningStage, fine_tune, fit_head, for_inference, lite_network
from training.run import Run
from training.shortcuts import balancing_weights, find_misleading, hard_rows

POSITIVE = "PNEUMONIA"
HARD_PART = "misleading picture statistics"
STUDY_AUGMENTATION = Augmentation(flip=True, zoom=(1 / 1.2, 1 / 0.8), shear=0.2)


@dataclass(frozen=True)
class PneumoniaReference:
    """One of the study's networks, trained from scratch on RGB pictures with Adam and no early stopping."""

    name: Literal["reference-v1", "reference-v2", "reference-v3"]
    summary: str
    spec: ImageSpec
    epochs: int
    batch_size: int
    augmentation: Augmentation | None
    reported: str | None
    task: str = "pneumonia"
    operating_target: OperatingTarget | None = OperatingTarget(POSITIVE, None)
    note: str | None = None

    def fit(self, data: Dataset, options: Options, run: Run) -> Fitted:
        """Train as the study did."""
        build = {"reference-v1": _trunk_v1, "reference-v2": _trunk_v2, "reference-v3": _trunk_v3}[self.name]
        trunk = build((self.spec.height, self.spec.width, self.spec.channels))
        network = ImageNetwork(trunk, keras.layers.Dense(1))
        history = fit_end_to_end(
            trunk,
            network.classifier,
            data,
            Plan(options.epochs or self.epochs, self.batch_size, options.seed),
            run,
            "network",
            optimizer=keras.optimizers.Adam(),
            augment=self.augmentation,
        )
        return Fitted(network, neighbour_scorer(network, data), {"network": history})


def _trunk_v1(shape: tuple[int, int, int]) -> keras.Model:
    return _separable_trunk(shape, wide=(32, 64, 256), dense=((512, 0.7), (128, 0.5), (64, 0.3)))


def _trunk_v2(shape: tuple[int, int, int]) -> keras.Model:
    """Build v1 without its widest block and its largest dense layer: what the study left out for 64 x 64 pictures."""
    return _separable_trunk(shape, wide=(32, 64), dense=((128, 0.5), (64, 0.3)))


def _separable_trunk(
    shape: tuple[int, int, int], wide: tuple[int, ...], dense: tuple[tuple[int, float], ...]
) -> keras.Model:
    x = image = keras.Input(shape)
    x = keras.layers.Rescaling(1 / 255)(x)
    x = _pair(x, keras.layers.Conv2D, 16)
    for level, filters in enumerate(wide):
        for _ in range(2):
            x = keras.layers.SeparableConv2D(filters, 3, padding="same", activation="relu")(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.MaxPooling2D(2)(x)
        if level > 0:
            x = keras.layers.Dropout(0.2)(x)
    x = keras.layers.Flatten()(x)
    for units, rate in dense:
        x = keras.layers.Dropout(rate)(keras.layers.Dense(units, activation="relu")(x))
    return keras.Model(image, x)


def _trunk_v3(shape: tuple[int, int, int]) -> keras.Model:
    x = image = keras.Input(shape)
    x = keras.layers.Rescaling(1 / 255)(x)
    for filters in (16, 32, 64):
        x = _pair(x, keras.layers.Conv2D, filters)
    x = keras.layers.Flatten()(keras.layers.Dropout(0.2)(x))
    for units, rate in ((64, 0.5), (16, 0.3)):
        x = keras.layers.Dropout(rate)(keras.layers.Dense(units, activation="relu")(x))
    return keras.Model(image, x)


def _pair(x: Any, convolution: Any, filters: int) -> Any:
    for _ in range(2):
        x = convolution(filters, 3, padding="same", activation="relu")(x)
    return keras.layers.MaxPooling2D(2)(x)


@dataclass(frozen=True)
class PneumoniaLite:
    """Ours: EfficientNet-Lite0 on greyscale at each of several sizes, fine-tuned on its own, their logits averaged.

    Sharpness, exposure and borders alone tell the two labels of this set apart almost perfectly. So augmentation
    changes all of them, examples that they mislead weigh more, the smaller size cannot see the finest detail, and
    validation measures the misleading examples apart.
    """

    task: str = "pneumonia"
    name: str = "lite0-pair"
    summary: str = "EfficientNet-Lite0 on greyscale at 224 and 112 pixels, fine-tuned; misleading examples weigh more"
    spec: ImageSpec = ImageSpec(mode="L", height=224, width=224)
    operating_target: OperatingTarget | None = OperatingTarget(POSITIVE, 0.97)
    reported: str | None = None
    note: str | None = None
    variant: Variant = LITE0
    sizes: tuple[int, ...] = (224, 112)
    head: HeadStage = HeadStage(views=0, penalty=1e-2)
    tuning: TuningStage = TuningStage(from_block="block8", epochs=6, learning_rate=1e-4)
    weight_floor: float = 0.05
    augmentation: Augmentation = Augmentation(
        flip=True,
        rotate=12.0,
        zoom=(0.85, 1.35),
        stretch=0.2,
        shear=5.0,
        shift=0.08,
        brightness=30.0,
        contrast=0.4,
        gamma=0.4,
        blur=1.0,
        coarse=0.2,
        noise=10.0,
        erase=0.3,
    )

    def fit(self, data: Dataset, options: Options, run: Run) -> Fitted:
        """Fit each size's classifier on frozen features, then fine-tune it."""
        misleading = find_misleading(data)
        weights = Weights(
            balancing_weights(misleading.train, data.train.labels, self.weight_floor),
            balancing_weights(misleading.validation, data.validation.labels, self.weight_floor),
        )
        tuning = replace(self.tuning, epochs=options.epochs or self.tuning.epochs)
        members, histories = [], {}
        for size in self.sizes:
            member, stage = lite_network(self.variant, self.spec, size), replace(run, folder=run.stage(f"{size}"))
            fit_head(member, data, self.head, self.augmentation, options.seed, stage, weights)
            history = fine_tune(member, data, tuning, self.augmentation, options.seed, stage, weights)
            members.append(for_inference(member, self.variant, self.spec))
            histories[f"tuning-{size}"] = history
        network = EnsembleNetwork(members)
        hard = hard_rows(misleading.validation, data.validation.labels)
        return Fitted(network, neighbour_scorer(network, data), histories, {HARD_PART: hard})


RECIPES = (
    PneumoniaReference(
        "reference-v1",
        "separable convolutions from scratch, 150 x 150; batch 32, 25 epochs",
        ImageSpec(mode="RGB", height=150, width=150),
        25,
        32,
        STUDY_AUGMENTATION,
        "train 0.96, validation 0.74",
    ),
    PneumoniaReference(
        "reference-v2",
        "v1, smaller, 64 x 64; batch 32, 15 epochs",
        ImageSpec(mode="RGB", height=64, width=64),
        15,
        32,
        STUDY_AUGMENTATION,
        "0.75 on 16 pictures",
    ),
    PneumoniaReference(
        "reference-v3",
        "plain convolutions from scratch, 64 x 64; batch 128, 9 epochs",
        ImageSpec(mode="RGB", height=64, width=64),
        9,
        128,
        None,
        "test 0.867 at its best epoch, 0.8205 at its last; 0.81 on 16 pictures",
    ),
    PneumoniaLite(),
)

TRAINING = TaskTraining(RECIPES, chest_xray.discover, card_texts.PNEUMONIA)
