"""Flat morphology (Serra 1982): the largest or smallest value in a square around each pixel, in few passes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]


def dilate(values: Values, reach: int) -> Values:
    """Give each pixel the largest of `values` `[H, W]` within `reach` pixels, each way and diagonally.

    Outside the picture there is nothing: 0 or false.
    """
    height, width = values.shape
    padded = np.zeros((height + 2 * reach, width + 2 * reach), values.dtype)
    padded[reach : reach + height, reach : reach + width] = values
    window = 2 * reach + 1
    return _sliding(np.maximum, _sliding(np.maximum, padded, window).T, window).T


def close(values: Values, reach: int) -> Values:
    """The erosion of the dilation of `values` `[H, W]` by a square that reaches so far: fills what is low and narrow.

    At the border the square ends where the picture does.
    """
    for extreme in (np.maximum, np.minimum):
        for _ in range(values.ndim):
            values = _sliding(extreme, _extended(values, reach), 2 * reach + 1).T
    return values


def _extended(values: Values, reach: int) -> Values:
    """Repeat the first and the last row so many times."""
    return values.take(np.arange(-reach, len(values) + reach), axis=0, mode="clip")


def _sliding(extreme: np.ufunc, values: Values, window: int) -> Values:
    """The extreme of every `window` rows on end; twice as many rows are combined each time."""
    span = 1
    while 2 * span <= window:
        values = extreme(values[:-span], values[span:])
        span *= 2
    rest = window - span
    return extreme(values[:-rest], values[rest:]) if rest else values
