"""Several out-of-distribution scores on the same features: how many strangers each flags at its own fair threshold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from benchmarks.ood.gaussian import GaussianScorer, fit_gaussian
from training.ood import NeighbourScorer, OodScorer, threshold_accepting_each

ACCEPTED = 0.99
"""The share of validation, and of each mild change of it, that a threshold accepts."""


@dataclass(frozen=True)
class Described:
    """What a network makes of inputs: `features` float32 `[N, D]` and `logits` float32 `[N, K]`."""

    features: NDArray[np.float32]
    logits: NDArray[np.float32]


Score = Callable[[Described], NDArray[np.float32]]
"""Gives each input a number, larger the stranger it is."""
Fit = Callable[[Described], Score]
"""Fits a score on training inputs."""


@dataclass(frozen=True)
class MethodResult:
    """What one score does. `flagged` is each stranger set's share above `threshold`."""

    method: str
    threshold: float
    flagged: Mapping[str, float]


def energy(described: Described) -> NDArray[np.float32]:
    """Return the negative log-sum-exp of the logits (Liu et al. 2020, arXiv:2010.03759)."""
    largest = described.logits.max(-1)
    total = np.exp(described.logits - largest[:, np.newaxis]).sum(-1)
    scores: NDArray[np.float32] = -(largest + np.log(total))
    return scores


METHODS: Mapping[str, Fit] = MappingProxyType(
    {
        "Mahalanobis distance under probabilistic PCA": lambda train: _of_graph(
            GaussianScorer(fit_gaussian(train.features))
        ),
        "energy": lambda _: energy,
        "distance from the k-th nearest neighbour": lambda train: _of_graph(NeighbourScorer(train.features)),
    }
)


def compare(train: Described, own: Mapping[str, Described], strange: Mapping[str, Described]) -> list[MethodResult]:
    """Fit each score on training inputs and judge it on sets that training did not see.

    The threshold of each accepts the same share of every set in `own`.
    """
    results = []
    for method, fit in METHODS.items():
        score = fit(train)
        threshold = threshold_accepting_each([score(one) for one in own.values()], ACCEPTED)
        flagged = {title: float((score(one) > threshold).mean()) for title, one in strange.items()}
        results.append(MethodResult(method, threshold, flagged))
    return results


def _of_graph(scorer: OodScorer) -> Score:
    return lambda described: np.asarray(scorer(None, tf.constant(described.features)), np.float32)
