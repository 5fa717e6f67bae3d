"""A model's copies under a `tf.distribute` strategy, kept alike by adding up their gradients."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from training.layers import layers_of
from training.workers import Workers

CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")


class Mirrored:
    """One copy of a compiled model on each replica, with the model's optimizer, loss and metrics.

    Batch norms take the statistics of a copy's own share of the batch, as `tf.distribute` has it; their moving means
    and variances are averaged over the workers after each epoch.
    """

    def __init__(self, model: keras.Model, workers: Workers):
        """Copy the model as it is, its optimizer built; it is the same on every worker."""
        self._workers, self._replicas = workers, workers.replicas
        settings = model.get_compile_config()
        with workers.strategy.scope():
            self.model = _copy(model)
            self._metrics = keras.saving.deserialize_keras_object(settings["metrics"]) or []
            self._weighted = keras.saving.deserialize_keras_object(settings["weighted_metrics"]) or []
            self._loss = keras.metrics.Mean("loss")
            self.model.compile(self._optimizer_like(model.optimizer), model.loss)
            self.model.optimizer.build(self.model.trainable_variables)
        _assign(self.model.weights, model.weights)
        _assign(self.model.optimizer.variables, model.optimizer.variables)

    def _optimizer_like(self, optimizer: Any) -> Any:
        config = optimizer.get_config()
        self._clips = any(config.get(name) is not None for name in CLIPS)
        # A copy clips its own part of what is then added up: see `_apply`.
        config |= {name: config[name] / self._replicas for name in CLIPS if config.get(name) is not None}
        return type(optimizer).from_config(config)

    def compiled(self, batches: Iterator[Any], *, learns: bool = True) -> Callable[[], None]:
        """Return the graph that takes the next of the distributed batches, to learn from or only to measure.

        It is traced once, whatever the shapes: each trace numbers its collective operations, and these numbers must
        be the same on all workers.
        """
        step = self._learn if learns else self._judge

        def run() -> None:
            self._workers.strategy.run(step, (next(batches),))

        return tf.function(run, autograph=False)

    def _learn(self, batch: tuple[Any, ...]) -> None:
        inputs, targets, weights, part = batch
        with tf.GradientTape() as tape:
            outputs = self.model(inputs, training=True)
            loss = self._mean_loss(inputs, targets, outputs, weights)
            share = loss * part[0]
        self._apply(tape.gradient(share, self.model.trainable_variables))
        self._measure(loss, targets, outputs, weights, part)

    def _judge(self, batch: tuple[Any, ...]) -> None:
        inputs, targets, weights, part = batch
        outputs = self.model(inputs, training=False)
        loss = self._mean_loss(inputs, targets, outputs, weights)
        self._measure(loss, targets, outputs, weights, part)

    def _mean_loss(self, inputs: Any, targets: Any, outputs: Any, weights: Any) -> Any:
        # Keras divides by the number of replicas; shares are of different size, so their own part stands for that.
        return self.model.compute_loss(inputs, targets, outputs, weights) * self._replicas

    def _apply(self, gradients: list[Any]) -> None:
        """Take a step with the gradients' sum over the replicas.

        Keras clips before it adds up. Where there is a limit c, R replicas each bring a part 1/R of the sum, clipped
        at c/R: they add up to the sum clipped at c.
        """
        if self._clips:
            total = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, gradients)
            gradients = [gradient / self._replicas for gradient in total]
        self.model.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables, strict=True))

    def _measure(self, loss: Any, targets: Any, outputs: Any, weights: Any, part: Any) -> None:
        counted = tf.ones_like(weights) * tf.sign(part)
        self._loss.update_state(loss, sample_weight=tf.reduce_sum(counted))
        for metric in self._metrics:
            metric.update_state(targets, outputs, sample_weight=counted)
        for metric in self._weighted:
            metric.update_state(targets, outputs, sample_weight=weights * counted)

    def average_statistics(self) -> None:
        """Give the batch norms the mean over the workers of their moving statistics."""
        moved = [
            variable
            for layer in layers_of(self.model)
            if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
            for variable in layer.non_trainable_variables
        ]
        if moved:
            sums = self._workers.sum([np.asarray(variable) for variable in moved])
            for variable, total in zip(moved, sums, strict=True):
                variable.assign(total / np.float32(len(self._workers.addresses)))

    def figures(self) -> dict[str, float]:
        """Return the loss and the metrics over all workers' examples since the last call."""
        metrics = [self._loss, *self._metrics, *self._weighted]
        values = {metric.name: float(metric.result()) for metric in metrics}
        for metric in metrics:
            metric.reset_state()
        return values

    def copy_to(self, model: keras.Model) -> None:
        """Give the model, and its optimizer, what the copies have learned."""
        _assign(model.weights, self.model.weights)
        _assign(model.optimizer.variables, self.model.optimizer.variables)


def _copy(model: keras.Model) -> keras.Model:
    copy = type(model).from_config(model.get_config())
    for mine, theirs in zip(layers_of(copy), layers_of(model), strict=True):
        mine.trainable = theirs.trainable
    return copy


def _assign(variables: list[Any], values: list[Any]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(np.asarray(value))
