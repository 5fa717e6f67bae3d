"""Fitting a Keras model: seeded order, early stopping, a progress bar, and a checkpoint after each epoch."""

from pathlib import Path

import keras

from training.batches import Arrays, Augment, Batches, Plan
from training.checkpoint import Checkpoint, History
from training.fit_together import copy_from_chief, fit_together
from training.workers import Workers


def fit(
    model: keras.Model,
    train: Arrays,
    validation: Arrays,
    plan: Plan,
    folder: Path,
    *,
    augment: Augment | None = None,
    quiet: bool = False,
    workers: Workers | None = None,
) -> History:
    """Fit a compiled model, from its checkpoint in `folder` if there is one.

    With the plan's patience it has its best weights at the end, else its last.
    With workers the fit is shared out among them; it is the chief's checkpoint that counts, and at the end all have
    the same weights. Returns each epoch's figures.

    Raises:
        RunError: one of the workers is gone.
    """
    checkpoint = Checkpoint(folder, plan)
    done = checkpoint.restore(model)
    if workers is not None:
        fit_together(model, train, validation, plan, checkpoint, workers, augment=augment, quiet=quiet)
    elif not checkpoint.exhausted:
        model.fit(
            Batches(train, plan, epoch=done, augment=augment),
            validation_data=validation,
            initial_epoch=done,
            epochs=plan.epochs,
            callbacks=[checkpoint],
            verbose=0 if quiet else "auto",
            shuffle=False,
        )
    # Only the chief surely has the file: others may have come in after that epoch.
    if plan.patience is not None and checkpoint.state.best_weights and (workers is None or workers.is_chief):
        model.load_weights(folder / checkpoint.state.best_weights)
    if workers is not None:
        copy_from_chief(workers, model)
    return checkpoint.state.history
