"""A Keras model's layers, and the seeding of the dropouts among them."""

from collections.abc import Iterator

import keras
import numpy as np


def layers_of(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """Yield the layers that hold no others, in order."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from layers_of(layer)
        else:
            yield layer


def seed_dropouts(model: keras.Model, seed: int, epoch: int, worker: int = 0) -> None:
    """Let what the model drops in an epoch depend on the seed, the epoch and the worker alone.

    Keras saves no state of dropouts with the weights, so a resumed fit would start them anew.
    """
    rng = np.random.default_rng([seed, epoch, worker])
    for layer in layers_of(model):
        generator = getattr(layer, "seed_generator", None)
        if generator is not None:
            generator.state.assign(np.array([rng.integers(2**31), 0], generator.state.dtype))
