"""A fit's checkpoint after each epoch: from it the fit goes on, and in it are its best weights."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from training.batches import Plan
from training.layers import seed_dropouts
from training.run import write_json

STATE_FILE = "state.json"

History = dict[str, list[float]]


@dataclass
class State:
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
        self.state = State(0, {}, None, 0, "", "")

    def restore(self, model: keras.Model) -> int:
        """Load the last checkpoint, if there is one, and return how many epochs are done."""
        path = self.folder / STATE_FILE
        if path.exists():
            self.state = State(**json.loads(path.read_text(encoding="utf-8")))
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

    def on_epoch_begin(self, epoch: int, _: dict[str, Any] | None = None) -> None:
        """Let the dropouts of a resumed fit drop what those of an unbroken one do."""
        seed_dropouts(self.model, self.plan.seed, epoch)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Record the epoch. The state file is replaced last, so a kill leaves the previous checkpoint whole."""
        logs = logs or {}
        old = self.state
        history = {key: [*old.history.get(key, []), float(value)] for key, value in logs.items()}
        weights = f"epoch-{epoch + 1:03d}.weights.h5"
        self.model.save_weights(self.folder / weights)
        score = float(logs[self.plan.monitor])
        better = old.best is None or (score < old.best if self.plan.mode == "min" else score > old.best)
        self.state = State(
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
