"""The interval of a share."""

from math import sqrt

Z = 1.959964
"""The 97.5 % quantile of the normal distribution."""


def wilson_interval(hits: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of `count` (Wilson 1927).

    Raises:
        ValueError: there is nothing to take a share of.
    """
    if count < 1:
        raise ValueError("a share of nothing has no interval")
    share = hits / count
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z / (1 + Z**2 / count) * sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)
