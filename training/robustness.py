"""How a calibrated model holds up when its validation pictures are shifted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.serving.manifest import SplitMetrics
from training.datasets.base import Dataset
from training.metrics import measure
from training.scoring import Scored

RESAMPLES = 200
"""Bootstrap replicates of each shift's figures: there are many shifts, and their intervals are for a plot."""

Answer = Callable[[Scored], tuple[NDArray[np.float32], NDArray[np.int64]]]
"""A split's scores to calibrated probabilities float32 `[N, K]` and decisions int64 `[N]`."""


@dataclass(frozen=True)
class ShiftResult:
    """The figures on validation under one shift."""

    shift: str
    metrics: SplitMetrics


def measure_shifts(scored: Mapping[str, Scored], answer: Answer, data: Dataset, seed: int) -> tuple[ShiftResult, ...]:
    """Measure the validation split under each shift, from its scores by the shift's name."""
    groups = np.array(data.validation.groups)

    def of(name: str) -> ShiftResult:
        probabilities, decisions = answer(scored[name])
        metrics = measure(
            probabilities,
            data.validation.labels,
            data.labels,
            split=f"validation, {name}",
            seed=seed,
            resamples=RESAMPLES,
            decisions=decisions,
            groups=groups,
        )
        return ShiftResult(name, metrics)

    return tuple(of(name) for name in scored)


def worst_of(results: tuple[ShiftResult, ...]) -> ShiftResult:
    """Return the shift under which the fewest answers are right."""
    return min(results, key=lambda result: result.metrics.values["accuracy"].value)
