"""How unlike the training data an input is: scores over its features, and the threshold on them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

METHOD = "Mahalanobis distance of the penultimate features under probabilistic PCA, divided by their number"
EXPLAINED_VARIANCE = 0.95
MAX_COMPONENTS = 128

NEIGHBOUR = 10
"""Which nearest neighbour's distance is the score: not the first, so that one odd training picture excuses nothing."""
BANK_ROWS = 2500
BANK_DIRECTIONS = 128
"""2,500 rows of 128 numbers and the directions of 1,280 features take 0.97 MB in half precision."""


class OodScorer(Protocol):
    """Gives each input of a batch one number, larger the stranger it is."""

    method: str

    def __call__(self, inputs: Any, features: Any, /) -> Any:
        """Map raw inputs and features float32 `[B, D]` to scores float32 `[B]`."""
        ...


@dataclass(frozen=True)
class FeatureGaussian:
    """A Gaussian over D features whose covariance is k principal directions plus isotropic noise.

    Tipping and Bishop 1999, *Probabilistic principal component analysis*; the distance as an out-of-distribution
    score follows Lee et al. 2018 (arXiv:1807.03888). `whitening` is `[D, k]`.
    """

    mean: NDArray[np.float32]
    components: NDArray[np.float32]
    variances: NDArray[np.float32]
    noise: float


def fit_gaussian(features: NDArray[np.float32]) -> FeatureGaussian:
    """Fit to features float32 `[N, D]`, keeping at most `MAX_COMPONENTS` directions."""
    mean = features.mean(0, dtype=np.float64)
    centred = features - mean
    values, vectors = np.linalg.eigh(centred.T @ centred / max(1, len(features) - 1))
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    share = np.cumsum(values) / max(values.sum(), np.finfo(float).tiny)
    kept = int(np.clip(np.searchsorted(share, EXPLAINED_VARIANCE) + 1, 1, min(MAX_COMPONENTS, len(values))))
    left_out = values[kept:]
    floor = max(values[0] * 1e-6, np.finfo(np.float32).tiny)
    noise = max(float(left_out.mean()) if len(left_out) else 0.0, floor)
    return FeatureGaussian(
        mean.astype(np.float32),
        vectors[:, :kept].astype(np.float32),
        np.maximum(values[:kept], noise).astype(np.float32),
        noise,
    )


class GaussianScorer(tf.Module):
    """`FeatureGaussian` as part of a graph."""

    method = METHOD

    def __init__(self, gaussian: FeatureGaussian):
        super().__init__()
        self.mean = tf.constant(gaussian.mean)
        self.components = tf.constant(gaussian.components)
        self.precisions = tf.constant(1.0 / gaussian.variances)
        self.noise = gaussian.noise

    def __call__(self, _: Any, features: Any) -> Any:
        """Return d^2 / D, about 1 for inputs like those fitted on."""
        centred = features - self.mean
        along = tf.matmul(centred, self.components)
        inside = tf.reduce_sum(along**2 * self.precisions, -1)
        # Rounding can make the rest a hair negative for an input that lies in the principal subspace.
        rest = tf.maximum(tf.reduce_sum(centred**2, -1) - tf.reduce_sum(along**2, -1), 0.0)
        return (inside + rest / self.noise) / tf.cast(tf.shape(features)[-1], tf.float32)


class NeighbourScorer(tf.Module):
    """The distance of an input's features, at unit length, from the k-th nearest of a bank of training examples'.

    Sun et al. 2022 (arXiv:2204.06507). The bank is kept along its principal directions alone and in half precision;
    what features have beside those is distance. 0 is the same direction, sqrt(2) one that the bank knows nothing of.
    """

    def __init__(self, bank: NDArray[np.float32], neighbour: int = NEIGHBOUR, directions: int = BANK_DIRECTIONS):
        """Take the features of the bank float32 `[M, D]`, of any length."""
        super().__init__()
        self.neighbour = min(neighbour, len(bank))
        self.method = (
            f"distance of the penultimate features, at unit length, from the {self.neighbour}th nearest of "
            f"{len(bank):,} training examples'"
        )
        unit = np.asarray(_unit_length(tf.constant(bank)), np.float64)
        # Ascending by how much of the bank lies along them; not centred, so that cosines stay cosines.
        basis = np.linalg.eigh(unit.T @ unit)[1][:, -directions:]
        self.basis = tf.Variable(tf.cast(basis, tf.float16), trainable=False)
        self.bank = tf.Variable(tf.cast(unit @ basis, tf.float16), trainable=False)

    def __call__(self, _: Any, features: Any) -> Any:
        """Return the distance, float32 `[B]`."""
        along = tf.matmul(_unit_length(features), tf.cast(self.basis, tf.float32))
        cosines = tf.matmul(along, tf.cast(self.bank, tf.float32), transpose_b=True)
        nearest = tf.math.top_k(cosines, self.neighbour).values[:, -1]
        # Rounding can make a cosine a hair larger than 1.
        return tf.sqrt(tf.maximum(2.0 - 2.0 * nearest, 0.0))


def fit_neighbours(features: NDArray[np.float32], seed: int = 0) -> NeighbourScorer:
    """Draw the bank, at most `BANK_ROWS`, from training features float32 `[N, D]`."""
    drawn = np.random.default_rng(seed).permutation(len(features))[:BANK_ROWS]
    return NeighbourScorer(features[np.sort(drawn)])


def _unit_length(features: Any) -> Any:
    return tf.math.l2_normalize(features, -1)


def acceptance_threshold(scores: NDArray[np.float32], accepted: float) -> float:
    """Return the score under which the given share of the inputs lies."""
    return float(np.quantile(scores, accepted))


def threshold_accepting_each(parts: Iterable[NDArray[np.float32]], accepted: float) -> float:
    """Return the score under which the given share of every part lies: validation as it is, and under each shift.

    Of every part float32 `[N]` by itself, not of all together: what a camera or an archive does to one picture, it
    does to all of its pictures.
    """
    return max(acceptance_threshold(scores, accepted) for scores in parts)
