"""Mahalanobis distance under probabilistic PCA: the score that nearest neighbours are compared with."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

METHOD = "Mahalanobis distance of the penultimate features under probabilistic PCA, divided by their number"
EXPLAINED_VARIANCE = 0.95
MAX_COMPONENTS = 128


@dataclass(frozen=True)
class FeatureGaussian:
    """A Gaussian over D features whose covariance is k principal directions plus isotropic noise.

    Tipping and Bishop 1999, *Probabilistic principal component analysis*; the distance as an out-of-distribution
    score follows Lee et al. 2018 (arXiv:1807.03888). `components` is `[D, k]`.
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
