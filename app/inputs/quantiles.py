"""Medians and percentiles exactly as numpy gives them, without the time its general functions take."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def integer_percentiles(values: NDArray[np.integer[Any]], shares: Sequence[float]) -> list[float]:
    """The percentiles `shares`, 0 to 100, of integers of 8 or 16 bits; at least one."""
    # A radix sort at this width.
    ordered = np.sort(values, axis=None, kind="stable")
    found = []
    for share in shares:
        rank, following, weight = _place(values.size, share)
        found.append(_between(int(ordered[rank]), int(ordered[following]), weight))
    return found


def percentile(values: NDArray[np.float32], share: float) -> np.float32:
    """The percentile `share`, 0 to 100, of `values` `[N]`, N above 0."""
    rank, following, weight = _place(values.size, share)
    ordered = np.partition(values, (rank, following))
    return np.float32(_between(ordered[rank], ordered[following], weight))


def median(values: NDArray[np.float32]) -> float:
    """The median of `values` `[N]`, N above 0."""
    half = values.size // 2
    if values.size % 2:
        return float(np.partition(values, half)[half])
    low, high = np.partition(values, (half - 1, half))[half - 1 : half + 1]
    return float((low + high) / 2)


def _place(count: int, share: float) -> tuple[int, int, float]:
    """Between which two ranks a percentile lies, counted from 0, and the weight of the second."""
    place = (count - 1) * (share / 100)
    rank = math.floor(place)
    return rank, min(rank + 1, count - 1), place - rank


def _between(low: Any, high: Any, weight: float) -> Any:
    """Interpolate from the nearer end, in the type of the values."""
    return low + (high - low) * weight if weight < 0.5 else high - (high - low) * (1 - weight)
