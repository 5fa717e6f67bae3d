"""The fitting that the picture recipes share: a trunk and a classifier, trained end to end from uint8 pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from training.batches import Arrays, Augment, Plan
from training.checkpoint import History
from training.datasets.base import Dataset, Split
from training.fit import fit
from training.network import Network
from training.ood import BANK_ROWS, NeighbourScorer
from training.run import Run

FEATURE_BATCH = 128


def compile_for_labels(model: keras.Model, optimizer: Any, *, smoothing: float = 0.0) -> None:
    """Compile for integer labels: binary cross-entropy for one logit, categorical for K."""
    if model.output_shape[-1] == 1:
        loss: Any = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=smoothing)
        model.compile(
            optimizer,
            loss,
            metrics=[keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)],
            weighted_metrics=[keras.metrics.AUC(from_logits=True, num_thresholds=1000, name="auc")],
        )
        return
    metric = keras.metrics.SparseCategoricalAccuracy("accuracy")
    if smoothing:
        model.compile(optimizer, SmoothedCrossentropy(smoothing), metrics=[metric])
    else:
        model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=[metric])


def warm_up_then_cosine(peak: float, steps: int, warm_up_share: float) -> Any:
    """Return a learning rate that rises to its peak and falls on a half cosine (Loshchilov and Hutter 2017)."""
    warm_up = max(1, round(steps * warm_up_share))
    return keras.optimizers.schedules.CosineDecay(
        peak / 20, max(1, steps - warm_up), warmup_target=peak, warmup_steps=warm_up
    )


class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy of integer labels smoothed towards the uniform (Szegedy et al. 2016)."""

    def __init__(self, smoothing: float):
        super().__init__()
        self.smoothing = smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Take labels `[B]` or `[B, 1]` and logits `[B, K]`; return `[B]`."""
        logs = keras.ops.log_softmax(y_pred)
        labels = keras.ops.one_hot(keras.ops.reshape(keras.ops.cast(y_true, "int32"), (-1,)), y_pred.shape[-1])
        on_target = -keras.ops.sum(labels * logs, -1)
        return (1 - self.smoothing) * on_target - self.smoothing * keras.ops.mean(logs, -1)


def targets_for(model: keras.Model, labels: NDArray[np.int64]) -> NDArray[Any]:
    """Return the labels in the form that the model's loss takes: float32 `[N, 1]` for one logit, int64 `[N]` for K."""
    return labels[:, None].astype(np.float32) if model.output_shape[-1] == 1 else labels


@dataclass(frozen=True)
class Weights:
    """How much each example of the two splits counts in the loss, float32 `[N]`, 1 on average."""

    train: NDArray[np.float32]
    validation: NDArray[np.float32]


def _arrays(model: keras.Model, split: Split, weights: NDArray[np.float32] | None) -> Arrays:
    targets = targets_for(model, split.labels)
    return (split.inputs, targets) if weights is None else (split.inputs, targets, weights)


def fit_end_to_end(
    trunk: keras.Model,
    classifier: keras.layers.Dense,
    data: Dataset,
    plan: Plan,
    run: Run,
    stage: str,
    *,
    optimizer: Any,
    augment: Augment | None = None,
    smoothing: float = 0.0,
    weights: Weights | None = None,
) -> History:
    """Train trunk and classifier on `data.train`, judged after each epoch on `data.validation`."""
    inputs = keras.Input(trunk.input_shape[1:])
    features = trunk(inputs)
    if len(features.shape) == 4:
        features = keras.layers.GlobalAveragePooling2D()(features)
    model = keras.Model(inputs, classifier(features))
    compile_for_labels(model, optimizer, smoothing=smoothing)
    return fit(
        model,
        _arrays(model, data.train, weights.train if weights else None),
        _arrays(model, data.validation, weights.validation if weights else None),
        plan,
        run.stage(stage),
        augment=augment,
        quiet=run.quiet,
        workers=run.workers,
    )


def features_of(network: Network, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return penultimate features float32 `[N, D]` of uint8 pictures `[N, H, W, C]`."""
    return in_batches(lambda batch: network(batch).features, images)


def neighbour_scorer(network: Network, data: Dataset) -> NeighbourScorer:
    """Fit the out-of-distribution score on features of training pictures drawn at random."""
    drawn = np.sort(np.random.default_rng(0).permutation(len(data.train))[:BANK_ROWS])
    return NeighbourScorer(features_of(network, data.train.inputs[drawn]))


def in_batches(function: Callable[[Any], Any], inputs: NDArray[Any], batch: int = FEATURE_BATCH) -> NDArray[np.float32]:
    """Apply a graph to inputs `[N, ...]` a batch at a time and concatenate what it gives."""
    import tensorflow as tf

    graph = tf.function(function, autograph=False, reduce_retracing=True)
    parts = [graph(tf.constant(inputs[start : start + batch])) for start in range(0, len(inputs), batch)]
    return np.concatenate([np.asarray(part) for part in parts])
