"""Temperature scaling and the choice of an operating point, both on validation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_expit, log_softmax

TEMPERATURE_RANGE = (0.02, 50.0)
SLOPE_RANGE, OFFSET_RANGE = (0.5, 20.0), (-5.0, 5.0)


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


@dataclass(frozen=True)
class Sigmoid:
    """Margins of one-against-the-rest machines as log-probabilities: log sigmoid(slope * margin + offset)."""

    slope: float
    offset: float


def fit_sigmoid(margins: NDArray[np.float64], labels: NDArray[np.int64]) -> Sigmoid:
    """Return the sigmoid, one for all labels, that explains the labels best once normalised over them.

    After Platt 1999, *Probabilistic outputs for support vector machines*. Margins `[N, K]`, labels `[N]`. A softmax of
    the margins themselves would be too sure of every answer whose margin is no more than ordinary.
    """
    rows = np.arange(len(labels))

    def loss(parameters: NDArray[np.float64]) -> float:
        slope, offset, sharpness = parameters
        logs = log_softmax(sharpness * log_expit(slope * margins + offset), axis=1)
        return float(-logs[rows, labels].mean())

    bounds = (SLOPE_RANGE, OFFSET_RANGE, tuple(1 / end for end in reversed(TEMPERATURE_RANGE)))
    found = minimize(loss, (4.0, 1.0, 1.0), method="Nelder-Mead", bounds=bounds)
    return Sigmoid(float(found.x[0]), float(found.x[1]))


def threshold_for_sensitivity(scores: NDArray[np.float32], positives: NDArray[np.bool_], sensitivity: float) -> float:
    """Return the highest threshold at which at least `sensitivity` of the positives score at or above it.

    It lies midway between two neighbouring scores, so that rounding moves no validation example across it.
    """
    positive_scores = np.sort(scores[positives].astype(np.float64))
    allowed = int(np.floor((1.0 - sensitivity) * len(positive_scores) + 1e-9))
    chosen = positive_scores[allowed]
    below = scores[scores < chosen]
    return float((chosen + below.max()) / 2) if len(below) else float(chosen / 2)
