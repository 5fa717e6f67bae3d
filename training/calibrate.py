"""Temperature scaling and the choice of an operating point, both on validation."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

TEMPERATURE_RANGE = (0.02, 50.0)


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the T > 0 that minimises the negative log-likelihood of softmax(logits / T).

    Guo et al. 2017, *On Calibration of Modern Neural Networks*. Logits `[N, K]`, labels `[N]`.
    """
    rows = np.arange(len(labels))
    exact = logits.astype(np.float64)

    def loss(log_temperature: float) -> float:
        return float(-log_softmax(exact / np.exp(log_temperature), axis=1)[rows, labels].mean())

    found = minimize_scalar(loss, bounds=tuple(np.log(TEMPERATURE_RANGE)), method="bounded")
    return float(np.exp(found.x))


def threshold_for_sensitivity(scores: NDArray[np.float32], positives: NDArray[np.bool_], sensitivity: float) -> float:
    """Return the highest threshold at which at least `sensitivity` of the positives score at or above it.

    It lies midway between two neighbouring scores, so that rounding moves no validation example across it.
    """
    positive_scores = np.sort(scores[positives].astype(np.float64))
    allowed = int(np.floor((1.0 - sensitivity) * len(positive_scores) + 1e-9))
    chosen = positive_scores[allowed]
    below = scores[scores < chosen]
    return float((chosen + below.max()) / 2) if len(below) else float(chosen / 2)
