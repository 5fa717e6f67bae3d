"""Outlier exposure: a small network on a trunk's levels, taught to tell the training data from drawn strangers."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

HIDDEN = 64
PENALTY = 0.1
EPOCHS = 20
KNOWN = 12_000
"""At most so many training examples are shown: more change nothing but the time."""


def pooled_levels(trunk: keras.Model) -> keras.Model:
    """Return the trunk with all its levels as output: each pooling's channel means and the features, at unit length.

    A classifier's last features keep what tells its labels apart; what a letter has that no digit has is in the levels
    before. float32 `[B, H, W, C]` to `[B, D]`.
    """
    poolings = [layer.output for layer in trunk.layers if isinstance(layer, keras.layers.MaxPooling2D)]
    means = [keras.layers.GlobalAveragePooling2D()(level) for level in poolings]
    levels = [keras.layers.UnitNormalization()(level) for level in (*means, trunk.output)]
    return keras.Model(trunk.input, keras.layers.Concatenate()(levels) if means else levels[0])


class ExposedScorer(tf.Module):
    """The log odds that an input is a stranger rather than of the training data's kind.

    Outlier exposure (Hendrycks et al. 2019, arXiv:1812.04606), here in a network of its own, so that the classifier
    stays what it is: two dense layers, each a kernel and a bias, over standardised levels.
    """

    def __init__(
        self,
        levels: keras.Model,
        scale: tuple[NDArray[np.float64], NDArray[np.float64]],
        layers: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
        method: str,
    ):
        super().__init__()
        self.levels, self.method = levels, method
        self.mean, self.deviation = (tf.constant(part, tf.float32) for part in scale)
        self.layers = [
            tuple(tf.Variable(tf.cast(part, tf.float32), trainable=False) for part in layer) for layer in layers
        ]

    def __call__(self, inputs: Any, _: Any) -> Any:
        """Map pictures uint8 `[B, H, W, C]` to log odds float32 `[B]`."""
        levels = self.levels(tf.cast(inputs, tf.float32), training=False)
        (first, first_bias), (second, second_bias) = self.layers
        hidden = tf.nn.relu(tf.matmul((levels - self.mean) / self.deviation, first) + first_bias)
        return (tf.matmul(hidden, second) + second_bias)[:, 0]


def fit_exposed(
    trunk: keras.Model, known: NDArray[np.uint8], strangers: NDArray[np.uint8], method: str, seed: int
) -> ExposedScorer:
    """Fit the scorer on pictures uint8 `[N, H, W, C]` of the training data and on drawn ones; the trunk stays as it is.

    `method` says in a phrase what the score is, for the manifest.
    """
    from sklearn.neural_network import MLPClassifier
    from sklearn.preprocessing import StandardScaler

    shown = known[np.random.default_rng(seed).permutation(len(known))[:KNOWN]]
    levels = pooled_levels(trunk)
    values = levels.predict(np.concatenate([shown, strangers]).astype(np.float32), batch_size=256, verbose=0)
    strange = np.arange(len(values)) >= len(shown)
    scaler = StandardScaler().fit(values)
    classifier = MLPClassifier(
        (HIDDEN,), alpha=PENALTY, max_iter=EPOCHS, n_iter_no_change=EPOCHS, random_state=seed, tol=0.0
    )
    _fit_quietly(classifier, scaler.transform(values), strange)
    layers = list(zip(classifier.coefs_, classifier.intercepts_, strict=True))
    return ExposedScorer(levels, (scaler.mean_, scaler.scale_), layers, method)


def _fit_quietly(classifier: Any, values: NDArray[np.float32], strange: NDArray[np.bool_]) -> None:
    """Fit for the epochs there are, without the warning that more of them could still gain."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(values, strange)
