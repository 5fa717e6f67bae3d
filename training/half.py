"""A trunk whose kernels are kept in half precision: half the file, computed with in single precision."""

from typing import Any

import keras
import tensorflow as tf

SMALLEST = 4096
"""Weights with fewer elements stay in single precision: nothing is gained by rounding them."""


class HalfPrecisionTrunk(tf.Module):
    """A Keras model as inference only, its large weights stored as float16 and cast to float32 when it runs.

    A float16 number has 11 significant bits, so a weight moves by at most one part in 2,048. Calibrate on this trunk,
    not on the one it came from.
    """

    def __init__(self, model: keras.Model, title: str):
        """Take the model, and what its weights' names start with: readers of a SavedModel need them distinct."""
        super().__init__()
        self.output_shape = tuple(model.output_shape)
        self._parameters = int(model.count_params())
        self.stored = [_store(weight, title) for weight in (*model.trainable_variables, *model.non_trainable_variables)]
        trained = len(model.trainable_variables)

        # The model is kept from being tracked, so that its own float32 variables are not saved too.
        def run(weights: list[Any], pixels: Any) -> Any:
            return model.stateless_call(weights[:trained], weights[trained:], pixels, training=False)[0]

        self._run = run

    def __call__(self, pixels: Any, training: bool = False) -> Any:
        """Run the model on float32 `[B, ...]`.

        Raises:
            ValueError: it is to be run as in training, which it cannot.
        """
        if training:
            raise ValueError("weights in half precision are for inference only")
        return self._run([tf.cast(weight, tf.float32) for weight in self.stored], pixels)

    def count_params(self) -> int:
        """Return the count of weights."""
        return self._parameters


def _store(weight: Any, title: str) -> tf.Variable:
    value = tf.convert_to_tensor(weight)
    large = int(tf.size(value)) >= SMALLEST
    name = f"{title}/{weight.path}"
    return tf.Variable(tf.cast(value, tf.float16) if large else value, trainable=False, name=name)
