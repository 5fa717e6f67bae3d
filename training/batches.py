"""The batches of a fit: what it goes through, and in which order."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Augment = Callable[[Any, Any], Any]
Arrays = tuple[NDArray[Any], NDArray[Any]] | tuple[NDArray[Any], NDArray[Any], NDArray[np.float32]]
"""Inputs `[N, ...]`, targets `[N, ...]` and, if the loss is to weigh examples, weights `[N]`."""


@dataclass(frozen=True)
class Plan:
    """How one fit goes.

    `patience`, at least 1, counts epochs in which `monitor` is no better; None never stops early and keeps the last
    weights. `mode`, "min" or "max", says which way is better.
    """

    epochs: int
    batch_size: int
    seed: int
    patience: int | None = None
    monitor: str = "val_loss"
    mode: str = "min"

    def batches_of(self, examples: int) -> int:
        """Return how many batches so many examples make."""
        return math.ceil(examples / self.batch_size)


@dataclass(frozen=True)
class Share:
    """Which copy of a model this is, of how many that divide each batch among them."""

    copy: int = 0
    copies: int = 1

    def of(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], float]:
        """Return this copy's rows of a batch's, and which part of the batch they are.

        Each row is one copy's. A copy that is left without one borrows the first, to count for nothing.
        """
        mine = rows[self.copy :: self.copies]
        return (mine, len(mine) / len(rows)) if len(mine) else (rows[:1], 0.0)


class Batches(keras.utils.PyDataset):
    """Shuffled, augmented batches whose order and augmentation depend only on the seed, the epoch and the batch.

    So a resumed run sees what the unbroken one would have seen. Each item is a copy's share of a batch.
    """

    def __init__(
        self,
        arrays: Arrays,
        plan: Plan,
        *,
        epoch: int = 0,
        augment: Augment | None = None,
        share: Share = Share(),
    ):
        super().__init__()
        self.inputs, *self.others = arrays
        self.plan, self.epoch, self.augment, self.share = plan, epoch, augment, share
        self.order = self._order()

    def _order(self) -> NDArray[np.int64]:
        return np.random.default_rng([self.plan.seed, self.epoch]).permutation(len(self.inputs))

    def __len__(self) -> int:
        return self.plan.batches_of(len(self.inputs))

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        chosen, _ = self.share.of(self.rows(index))
        batch = self.inputs[chosen]
        if self.augment is not None:
            # Every copy's own, so that no two change their pictures alike.
            number = (self.epoch * len(self) + index) * self.share.copies + self.share.copy
            batch = self.augment(tf.constant(batch), tf.constant([self.plan.seed, number], tf.int32))
        return batch, *(array[chosen] for array in self.others)

    def rows(self, index: int) -> NDArray[np.int64]:
        """Return the examples of a whole batch."""
        return self.order[index * self.plan.batch_size : (index + 1) * self.plan.batch_size]

    def on_epoch_end(self) -> None:
        """Draw the next epoch's order."""
        self.epoch += 1
        self.order = self._order()
