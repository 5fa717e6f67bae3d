"""Medians and percentiles exactly as numpy gives them, without the time its general functions take."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray


def grey_percentiles(counts: Sequence[int], shares: Sequence[float], lowest: int = 0) -> list[float]:
    """Percentiles of integers by their histogram: `counts[i]` of them are `lowest + i`; `shares` are 0 to 100."""
    upto = list(accumulate(counts))
    most = upto[-1] - 1
    found = []
    for share in shares:
        place = most * (share / 100)
        rank = math.floor(place)
        low, high = bisect_right(upto, rank), bisect_right(upto, min(rank + 1, most))
        found.append(_between(lowest + low, lowest + high, place - rank))
    return found


def percentile(values: NDArray[np.float32], share: float) -> np.float32:
    """The percentile `share`, 0 to 100, of `values` `[N]`, N above 0."""
    most = values.size - 1
    place = most * (share / 100)
    rank = math.floor(place)
    following = min(rank + 1, most)
    ordered = np.partition(values, (rank, following))
    return np.float32(_between(ordered[rank], ordered[following], place - rank))


def median(values: NDArray[np.float32]) -> float:
    """The median of `values` `[N]`, N above 0."""
    half = values.size // 2
    if values.size % 2:
        return float(np.partition(values, half)[half])
    low, high = np.partition(values, (half - 1, half))[half - 1 : half + 1]
    return float((low + high) / 2)


def _between(low: float, high: float, weight: float) -> float:
    """Interpolate from the nearer end."""
    return low + (high - low) * weight if weight < 0.5 else high - (high - low) * (1 - weight)
