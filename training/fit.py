"""Fitting a Keras model: seeded order, early stopping, a progress bar, and a checkpoint after each epoch."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.run import write_json

STATE_FILE = "state.json"

History = dict[str, list[float]]
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


class Batches(keras.utils.PyDataset):
    """Shuffled, augmented batches whose order and augmentation depend only on the seed, the epoch and the batch.

    So a resumed run sees what the unbroken one would have seen.
    """

    def __init__(
        self,
        arrays: Arrays,
        plan: Plan,
        *,
        epoch: int = 0,
        augment: Augment | None = None,
    ):
        super().__init__()
        self.inputs, *self.others = arrays
        self.plan, self.epoch, self.augment = plan, epoch, augment
        self.order = self._order()

    def _order(self) -> NDArray[np.int64]:
        return np.random.default_rng([self.plan.seed, self.epoch]).permutation(len(self.inputs))

    def __len__(self) -> int:
        return math.ceil(len(self.inputs) / self.plan.batch_size)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        chosen = self.order[index * self.plan.batch_size : (index + 1) * self.plan.batch_size]
        batch = self.inputs[chosen]
        if self.augment is not None:
            seed = tf.constant([self.plan.seed, self.epoch * len(self) + index], tf.int32)
            batch = self.augment(tf.constant(batch), seed)
        return batch, *(array[chosen] for array in self.others)

    def on_epoch_end(self) -> None:
        """Draw the next epoch's order."""
        self.epoch += 1
        self.order = self._order()


@dataclass
class _State:
    """What a checkpoint knows: the epochs done, their history, the best of them and where the weights are."""

    epoch: int
    history: History
    best: float | None
    best_epoch: int
    weights: str
    best_weights: str


class Checkpoint(keras.callbacks.Callback):
    """Save weights, optimizer and history after each epoch; keep the best weights; stop when patience runs out."""

    def __init__(self, folder: Path, plan: Plan):
        super().__init__()
        self.folder, self.plan = folder, plan
        self.state = _State(0, {}, None, 0, "", "")

    def restore(self, model: keras.Model) -> int:
        """Load the last checkpoint, if there is one, and return how many epochs are done."""
        path = self.folder / STATE_FILE
        if path.exists():
            self.state = _State(**json.loads(path.read_text(encoding="utf-8")))
            # A fresh optimizer has no slots yet, and Keras would skip loading theirs.
            model.optimizer.build(model.trainable_variables)
            model.load_weights(self.folder / self.state.weights)
        return self.state.epoch

    @property
    def exhausted(self) -> bool:
        """Whether no further epoch is due."""
        patience = self.plan.patience
        waited = self.state.epoch - self.state.best_epoch
        return self.state.epoch >= self.plan.epochs or (patience is not None and patience <= waited)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Record the epoch. The state file is replaced last, so a kill leaves the previous checkpoint whole."""
        logs = logs or {}
        old = self.state
        history = {key: [*old.history.get(key, []), float(value)] for key, value in logs.items()}
        weights = f"epoch-{epoch + 1:03d}.weights.h5"
        self.model.save_weights(self.folder / weights)
        score = float(logs[self.plan.monitor])
        better = old.best is None or (score < old.best if self.plan.mode == "min" else score > old.best)
        self.state = _State(
            epoch + 1,
            history,
            score if better else old.best,
            epoch + 1 if better else old.best_epoch,
            weights,
            weights if better else old.best_weights,
        )
        write_json(self.folder / STATE_FILE, vars(self.state))
        for unused in {old.weights, old.best_weights} - {weights, self.state.best_weights, ""}:
            (self.folder / unused).unlink(missing_ok=True)
        if self.exhausted:
            self.model.stop_training = True


def fit(
    model: keras.Model,
    train: Arrays,
    validation: Arrays,
    plan: Plan,
    folder: Path,
    *,
    augment: Augment | None = None,
    quiet: bool = False,
) -> History:
    """Fit a compiled model, from its checkpoint in `folder` if there is one; its best weights are kept at the end.

    Returns each epoch's figures.
    """
    checkpoint = Checkpoint(folder, plan)
    done = checkpoint.restore(model)
    if not checkpoint.exhausted:
        model.fit(
            Batches(train, plan, epoch=done, augment=augment),
            validation_data=validation,
            initial_epoch=done,
            epochs=plan.epochs,
            callbacks=[checkpoint],
            verbose=0 if quiet else "auto",
            shuffle=False,
        )
    if plan.patience is not None and checkpoint.state.best_weights:
        model.load_weights(folder / checkpoint.state.best_weights)
    return checkpoint.state.history
