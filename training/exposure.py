"""Outlier exposure: a small network on a trunk's levels, taught to tell the training data from drawn strangers."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.network import Forward, two_logits

HIDDEN = 64
PENALTY = 0.1
EPOCHS = 20
KNOWN = 12_000
"""At most so many training examples are shown: more change nothing but the time."""
BATCH = 256


class LevelNetwork(tf.Module):
    """A Keras trunk to features `[B, D]` and a linear classifier, whose `Forward.features` are all the trunk's levels.

    A classifier's last features keep what tells its labels apart; what a letter has that no digit has is in the levels
    before. They are handed on as features, so that classifier and score share one pass: of two passes over the same
    variables TensorFlow saves none.
    """

    def __init__(self, trunk: keras.Model, classifier: keras.layers.Dense):
        super().__init__()
        self.levels = pooled_levels(trunk)
        self.classifier = classifier
        self._last = int(trunk.output_shape[-1])
        if not classifier.built:
            classifier.build((None, self._last))

    @property
    def parameters(self) -> int:
        """Weights of trunk and classifier, batch-norm statistics included."""
        return int(self.levels.count_params() + self.classifier.count_params())

    def __call__(self, inputs: Any) -> Forward:
        """Run one batch of pictures uint8 `[B, H, W, C]`."""
        last, levels = self.levels(tf.cast(inputs, tf.float32), training=False)
        return Forward(two_logits(self.classifier(last)), levels)


def pooled_levels(trunk: keras.Model) -> keras.Model:
    """Return the trunk with a second output: each pooling's channel means and the features, each at unit length.

    float32 `[B, H, W, C]` to the trunk's own output and `[B, L]`.
    """
    poolings = [layer.output for layer in trunk.layers if isinstance(layer, keras.layers.MaxPooling2D)]
    means = [keras.layers.GlobalAveragePooling2D()(level) for level in poolings]
    levels = [keras.layers.UnitNormalization()(level) for level in (*means, trunk.output)]
    return keras.Model(trunk.input, [trunk.output, keras.layers.Concatenate()(levels) if means else levels[0]])


class ExposedScorer(tf.Module):
    """The log odds that an input is a stranger rather than of the training data's kind.

    Outlier exposure (Hendrycks et al. 2019, arXiv:1812.04606), here in a network of its own, so that the classifier
    stays what it is: two dense layers, each a kernel and a bias, over standardised features.
    """

    def __init__(
        self,
        scale: tuple[NDArray[np.float64], NDArray[np.float64]],
        layers: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
        method: str,
    ):
        super().__init__()
        self.method = method
        self.mean, self.deviation = (tf.constant(part, tf.float32) for part in scale)
        self.layers = [
            tuple(
                tf.Variable(tf.cast(part, tf.float32), trainable=False, name=f"ood_{kind}_{number}")
                for kind, part in zip(("kernel", "bias"), layer, strict=True)
            )
            for number, layer in enumerate(layers)
        ]

    def __call__(self, _: Any, features: Any) -> Any:
        """Map features float32 `[B, D]` to log odds float32 `[B]`."""
        (first, first_bias), (second, second_bias) = self.layers
        hidden = tf.nn.relu(tf.matmul((features - self.mean) / self.deviation, first) + first_bias)
        return (tf.matmul(hidden, second) + second_bias)[:, 0]


def fit_exposed(known: NDArray[np.float32], strangers: NDArray[np.float32], method: str, seed: int) -> ExposedScorer:
    """Fit the scorer on features float32 `[N, D]` of the training data and of drawn strangers.

    `method` says in a phrase what the score is, for the manifest.
    """
    from sklearn.neural_network import MLPClassifier
    from sklearn.preprocessing import StandardScaler

    values = np.concatenate([known, strangers])
    strange = np.arange(len(values)) >= len(known)
    scaler = StandardScaler().fit(values)
    classifier = MLPClassifier(
        (HIDDEN,), alpha=PENALTY, max_iter=EPOCHS, n_iter_no_change=EPOCHS, random_state=seed, tol=0.0
    )
    _fit_quietly(classifier, scaler.transform(values), strange)
    layers = list(zip(classifier.coefs_, classifier.intercepts_, strict=True))
    return ExposedScorer((scaler.mean_, scaler.scale_), layers, method)


def _fit_quietly(classifier: Any, values: NDArray[np.float32], strange: NDArray[np.bool_]) -> None:
    """Fit for the epochs there are, without the warning that more of them could still gain."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(values, strange)
