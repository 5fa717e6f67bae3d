"""Fitting a Keras model on several workers: TensorFlow's custom loop over the copies that a strategy mirrors.

Keras 3's `Model.fit` does not run under `tf.distribute.MultiWorkerMirroredStrategy`. What is here follows
https://www.tensorflow.org/tutorials/distribute/multi_worker_with_ctl. Each copy takes its share of each batch, and
the gradients are added up, so that a step is the one that a single worker would take with the whole batch.
"""

import json
from typing import Any

import keras
import numpy as np

from training.batches import Arrays, Augment, Plan
from training.checkpoint import Checkpoint, State
from training.layers import seed_dropouts
from training.mirrored import Mirrored
from training.shares import distributed, train_shares, validation_shares
from training.workers import Workers


def fit_together(
    model: keras.Model,
    train: Arrays,
    validation: Arrays,
    plan: Plan,
    checkpoint: Checkpoint,
    workers: Workers,
    *,
    augment: Augment | None = None,
    quiet: bool = False,
) -> None:
    """Fit a compiled model as `training.fit.fit` does, from the chief's checkpoint, each worker on its share.

    At the end the model has the last epoch's weights on every worker.

    Raises:
        RunError: a worker is gone.
    """
    state = workers.text_from_chief(json.dumps(vars(checkpoint.state)))
    checkpoint.state = State(**json.loads(state))
    _copy_from_chief(workers, [*model.weights, *_built(model).variables])
    if checkpoint.exhausted:
        return
    with workers.noticing_lost_ones():
        mirrored = Mirrored(model, workers)
        checkpoint.set_model(model)
        done = checkpoint.state.epoch
        training = distributed(workers, lambda share: train_shares(train, plan, done, augment, share))
        judging = distributed(workers, lambda share: validation_shares(validation, plan, share))
        train_step, judge_step = mirrored.compiled(training), mirrored.compiled(judging, learns=False)
        while not checkpoint.exhausted:
            epoch = checkpoint.state.epoch
            seed_dropouts(mirrored.model, plan.seed, epoch, workers.rank)
            steps = plan.batches_of(len(train[0]))
            progress = keras.utils.Progbar(steps, verbose=0 if quiet else 1)
            for _ in range(steps):
                train_step()
                progress.add(1)
            mirrored.average_statistics()
            logs = mirrored.figures()
            for _ in range(plan.batches_of(len(validation[0]))):
                judge_step()
            logs |= {f"val_{name}": value for name, value in mirrored.figures().items()}
            mirrored.copy_to(model)
            checkpoint.on_epoch_end(epoch, logs)
            if not quiet:
                print(f"epoch {epoch + 1}: " + ", ".join(f"{name} {value:.4f}" for name, value in logs.items()))


def copy_from_chief(workers: Workers, model: keras.Model) -> None:
    """Give the model the chief's weights on every worker."""
    _copy_from_chief(workers, model.weights)


def _copy_from_chief(workers: Workers, variables: list[Any]) -> None:
    values = workers.from_chief([np.asarray(variable) for variable in variables])
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _built(model: keras.Model) -> Any:
    model.optimizer.build(model.trainable_variables)
    return model.optimizer
