"""Fit a model alone and by two copies on two logical devices, and with a break, and print how far they are apart.

A program of its own: devices are divided before TensorFlow starts.
"""

import json
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from training.batches import Plan
from training.fit import fit
from training.recipes.keras_fit import compile_for_labels
from training.workers import use_all_gpus

EXAMPLES = 89
"""In batches of 22 the last has one example: one copy is left without."""


def fitted(workers):
    """Return the figures and weights of a fit with example weights, clipped gradients and a rate that falls."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 256, (EXAMPLES, 8, 8, 1)).astype(np.uint8)
    labels = (inputs.mean((1, 2, 3)) > 127).astype(np.float32)[:, None]
    arrays = inputs, labels, rng.random(EXAMPLES).astype(np.float32)
    trunk = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Rescaling(1 / 255), keras.layers.Conv2D(4, 3)])
    model = keras.Sequential([trunk, keras.layers.Flatten(), keras.layers.Dense(1)])
    rate = keras.optimizers.schedules.CosineDecay(1e-2, 15)
    compile_for_labels(model, keras.optimizers.AdamW(rate, weight_decay=1e-3, clipnorm=0.05), smoothing=0.05)
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(3, 22, 0, 2, "val_auc", "max")
        history = fit(model, arrays, arrays, plan, Path(folder), quiet=True, workers=workers)
    return history, model.get_weights()


def with_dropout(folder, workers, *epochs):
    """Return the weights of a fit that was broken off and resumed after each of these epochs but the last."""
    inputs = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
    arrays = inputs, inputs[:, :1]
    for until in epochs:
        keras.utils.set_random_seed(until)
        layers = [keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
        model = keras.Sequential(layers)
        model.compile(keras.optimizers.Adam(0.01), "mse")
        if until == epochs[0]:
            model.set_weights([np.full(weights.shape, 0.1) for weights in model.get_weights()])
        fit(model, arrays, arrays, Plan(until, 10, 0), Path(folder), quiet=True, workers=workers)
    return model.get_weights()


def largest_difference(some, others):
    """Return the largest absolute difference of two lists of arrays."""
    return max(float(np.abs(one - other).max()) for one, other in zip(some, others, strict=True))


if __name__ == "__main__":
    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
    copies = use_all_gpus(["CPU:0", "CPU:1"])
    (alone, weights), (together, others) = fitted(None), fitted(copies)
    apart = {name: float(np.abs(np.subtract(alone[name], together[name])).max()) for name in alone}
    apart["weights"] = largest_difference(weights, others)
    with tempfile.TemporaryDirectory() as unbroken, tempfile.TemporaryDirectory() as broken:
        resumed = largest_difference(with_dropout(unbroken, copies, 4), with_dropout(broken, copies, 2, 4))
    json.dump({"apart": apart, "resumed": resumed}, sys.stdout)
