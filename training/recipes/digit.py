"""Handwritten digits: the study's small network, and ours, deeper and trained on moved, turned and thickened ink."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from app.inputs.spec import DigitSpec
from training import card_texts
from training.augment import Augmentation
from training.batches import Plan
from training.datasets import mnist
from training.datasets.base import Dataset
from training.exposure import KNOWN, ExposedScorer, LevelNetwork, fit_exposed
from training.network import ImageNetwork
from training.recipes.base import Fitted, OperatingTarget, Options, TaskTraining
from training.recipes.keras_fit import features_of, fit_end_to_end, neighbour_scorer, warm_up_then_cosine
from training.run import Run
from training.scribbles import draw_scribbles, redraw_digits

SHAPE = (28, 28, 1)
OOD_METHOD = (
    "log odds of being a stranger by a small network on the levels' means, taught with drawn letters and stains"
)


@dataclass(frozen=True)
class DigitReference:
    """The study's recipe."""

    task: str = "digit"
    name: str = "reference"
    summary: str = "Conv 32, 64, 64 and Dense 64; rmsprop, batch 64, 5 epochs"
    spec: DigitSpec = DigitSpec()
    operating_target: OperatingTarget | None = None
    reported: str | None = "not stated"
    note: str | None = None
    epochs: int = 5
    batch_size: int = 64

    def fit(self, data: Dataset, options: Options, run: Run) -> Fitted:
        """Train as the study did: no augmentation, no early stopping."""
        trunk = keras.Sequential(
            [
                keras.Input(SHAPE),
                keras.layers.Rescaling(1 / 255),
                keras.layers.Conv2D(32, 3, activation="relu"),
                keras.layers.MaxPooling2D(2),
                keras.layers.Conv2D(64, 3, activation="relu"),
                keras.layers.MaxPooling2D(2),
                keras.layers.Conv2D(64, 3, activation="relu"),
                keras.layers.Flatten(),
                keras.layers.Dense(64, activation="relu"),
            ]
        )
        network = ImageNetwork(trunk, keras.layers.Dense(len(data.labels)))
        plan = Plan(options.epochs or self.epochs, self.batch_size, options.seed)
        history = fit_end_to_end(
            trunk, network.classifier, data, plan, run, "network", optimizer=keras.optimizers.RMSprop()
        )
        return Fitted(network, neighbour_scorer(network, data), {"network": history})


@dataclass(frozen=True)
class DigitConv:
    """Ours: three pairs of batch-normalised convolutions over augmented ink, one-cycle cosine learning rate."""

    task: str = "digit"
    name: str = "conv"
    summary: str = "six batch-normalised convolutions, affine augmentation, cosine schedule, early stopping"
    spec: DigitSpec = DigitSpec()
    operating_target: OperatingTarget | None = None
    reported: str | None = None
    note: str | None = None
    epochs: int = 16
    batch_size: int = 128
    patience: int = 6
    learning_rate: float = 3e-3
    smoothing: float = 0.05
    filters: tuple[int, ...] = (32, 64, 128)
    redrawn: int = 4_500
    strangers: int = 8_000
    augmentation: Augmentation = Augmentation(
        rotate=14.0,
        zoom=(0.85, 1.12),
        stretch=0.15,
        shear=10.0,
        shift=0.07,
        blur=0.5,
        thicken=0.6,
        noise=12.0,
        fill="CONSTANT",
    )

    def fit(self, data: Dataset, options: Options, run: Run) -> Fitted:
        """Train with the epochs' learning rate on a half cosine."""
        trunk = self._trunk()
        network = LevelNetwork(trunk, keras.layers.Dense(len(data.labels)))
        epochs = options.epochs or self.epochs
        plan = Plan(epochs, self.batch_size, options.seed, self.patience)
        steps = epochs * -(-len(data.train) // self.batch_size)
        history = fit_end_to_end(
            trunk,
            network.classifier,
            data,
            plan,
            run,
            "network",
            optimizer=keras.optimizers.AdamW(warm_up_then_cosine(self.learning_rate, steps, 0.1), weight_decay=1e-3),
            augment=self.augmentation,
            smoothing=self.smoothing,
        )
        return Fitted(network, self._scorer(network, data, options.seed), {"network": history})

    def _scorer(self, network: LevelNetwork, data: Dataset, seed: int) -> ExposedScorer:
        """Teach the score digits as they are and as uploads are read, against what else people draw."""
        drawn = np.random.default_rng(seed).permutation(len(data.train))[:KNOWN]
        shown = data.train.inputs[drawn]
        known = np.concatenate([shown, redraw_digits(shown[: self.redrawn], seed)])
        strangers = draw_scribbles(self.strangers, seed)
        return fit_exposed(features_of(network, known), features_of(network, strangers), OOD_METHOD, seed)

    def _trunk(self) -> keras.Model:
        x = image = keras.Input(SHAPE)
        x = keras.layers.Rescaling(1 / 255)(x)
        for level, filters in enumerate(self.filters):
            for _ in range(2):
                x = _conv(x, filters)
            x = keras.layers.MaxPooling2D(2, padding="same")(x)
            x = keras.layers.Dropout(0.1 * (level + 1))(x)
        x = keras.layers.Flatten()(x)
        x = keras.layers.Dense(128, use_bias=False)(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.ReLU()(x)
        return keras.Model(image, keras.layers.Dropout(0.3)(x))


def _conv(x: Any, filters: int) -> Any:
    x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    return keras.layers.ReLU()(keras.layers.BatchNormalization()(x))


TRAINING = TaskTraining((DigitReference(), DigitConv()), mnist.discover, card_texts.DIGIT)
