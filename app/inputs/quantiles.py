"""Medians and percentiles exactly as numpy gives them, without the time its general functions take."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# From here on it pays to narrow down where a rank is, by one value in so many; a prime, so as not to take whole columns
# of a picture.
MANY, SAMPLED = 8_192, 17


def integer_percentiles(values: NDArray[np.integer[Any]], shares: Sequence[float]) -> list[float]:
    """The percentiles `shares`, 0 to 100, of integers of 8 or 16 bits; at least one."""
    # A radix sort at this width.
    ordered = np.sort(values, axis=None, kind="stable")
    found = []
    for share in shares:
        rank, following, weight = _place(values.size, share)
        found.append(_between(int(ordered[rank]), int(ordered[following]), weight))
    return found


def percentile(values: Floats, share: float) -> np.float32:
    """The percentile `share`, 0 to 100, of `values` `[N]`, N above 0."""
    rank, following, weight = _place(values.size, share)
    return np.float32(_between(*_ranked(values, rank, following), weight))


def median(values: Floats) -> float:
    """The median of `values` `[N]`, N above 0."""
    low, high = _ranked(values, (values.size - 1) // 2, values.size // 2)
    return float((low + high) / 2)


def _ranked(values: Floats, rank: int, following: int) -> tuple[np.float32, np.float32]:
    """The values at two ranks, the same or the next, counted from 0."""
    near, below = _narrowed(values, rank) if values.size >= MANY else (values, 0)
    ordered = np.partition(near, (rank - below, following - below))
    return ordered[rank - below], ordered[following - below]


def _narrowed(values: Floats, rank: int) -> tuple[Floats, int]:
    """Leave out what a sample shows to be far from `rank`: what is left, and how many below it are not.

    All are kept if the sample misleads. (Floyd and Rivest 1975: expected time bounds for selection)
    """
    sample = np.sort(values[::SAMPLED])
    place, margin = rank // SAMPLED, 2 * math.isqrt(sample.size)
    low, high = sample[max(place - margin, 0)], sample[min(place + margin, sample.size - 1)]
    near = values[(values >= low) & (values <= high)]
    below = int(np.count_nonzero(values < low))
    return (near, below) if below <= rank < below + near.size - 1 else (values, 0)


def _place(count: int, share: float) -> tuple[int, int, float]:
    """Between which two ranks a percentile lies, counted from 0, and the weight of the second."""
    place = (count - 1) * (share / 100)
    rank = math.floor(place)
    return rank, min(rank + 1, count - 1), place - rank


def _between(low: Any, high: Any, weight: float) -> Any:
    """Interpolate from the nearer end, in the type of the values."""
    return low + (high - low) * weight if weight < 0.5 else high - (high - low) * (1 - weight)
