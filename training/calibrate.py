"""Temperature scaling and the choice of an operating point, on validation, with numbers rounded as in answers."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_expit, log_softmax

from app.serving.model import DECIMALS

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


def fit_bias(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, float]:
    """Return the T > 0 and the b that minimise the negative log-likelihood of softmax([0, (z1 - z0) / T + b]).

    Bias-corrected temperature scaling (Alexandari, Kundaje and Shrikumar 2020, arXiv:1901.06852) of two labels:
    training that weighs the labels differently from how often they occur shifts the logit by a constant. Logits
    `[N, 2]`, labels `[N]`.
    """
    margins, signs = (logits[:, 1] - logits[:, 0]).astype(np.float64), 2.0 * labels - 1.0
    low, high = np.log(TEMPERATURE_RANGE)

    def loss(parameters: NDArray[np.float64]) -> float:
        log_temperature, bias = parameters
        return float(-log_expit(signs * (margins / np.exp(log_temperature) + bias)).mean())

    found = minimize(loss, (0.0, 0.0), method="Nelder-Mead", bounds=((low, high), OFFSET_RANGE))
    return float(np.exp(found.x[0])), float(found.x[1])


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


def as_answered(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Round numbers `[N]` as the service does before it compares them with a threshold."""
    return np.array([round(value, DECIMALS) for value in values.tolist()], np.float64)


def rounded_up(value: float) -> float:
    """Round a threshold up to as many decimals as are answered.

    So a number that is not above it is not above the result either, once that number is rounded.
    """
    return math.ceil(value * 10**DECIMALS) / 10**DECIMALS


def threshold_for_sensitivity(
    scores: NDArray[np.floating[Any]], positives: NDArray[np.bool_], sensitivity: float
) -> float:
    """Return the highest threshold at which at least `sensitivity` of the positives score at or above it.

    `scores` `[N]` are probabilities as answered (see `as_answered`), and the threshold has as many decimals. It lies
    midway between two neighbouring scores, so that a model that computes a little differently moves few across it.
    """
    units = np.rint(np.asarray(scores, np.float64) * 10**DECIMALS).astype(np.int64)
    positive_units = np.sort(units[positives])
    allowed = int(np.floor((1.0 - sensitivity) * len(positive_units) + 1e-9))
    chosen = positive_units[allowed]
    below = units[units < chosen]
    # Of two middles the upper one: the lower one may be the score below.
    middle = (chosen + (below.max() if len(below) else 0) + 1) // 2
    return int(middle) / 10**DECIMALS
