"""Resampling: how sure a figure is, from the spread it has over resampled data (Efron 1979)."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.serving.manifest import Estimate

Weights = NDArray[np.float32]
Figures = NDArray[np.float64]

# Bounds the memory of one block of weights to 4 MiB.
_BLOCK_CELLS = 2**20


def estimate(
    figures: Callable[[Weights], dict[str, Figures]],
    n: int,
    *,
    seed: int,
    resamples: int,
    groups: NDArray[Any] | None = None,
) -> dict[str, Estimate]:
    """Return each figure with its 95 % percentile interval, unless it is undefined (NaN) on the data itself.

    Args:
        figures: takes weights float32 `[N, R]`, returns each figure's values float64 `[R]`, one a weighting.
        n: number of examples N.
        seed: seeds the draws; the same seed gives the same intervals.
        resamples: number of replicates.
        groups: `[N]`, what each example belongs to; see `resample_weights`.
    """
    points = figures(np.ones((n, 1), np.float32))
    blocks = [figures(w) for w in resample_weights(n, seed=seed, resamples=resamples, groups=groups)]
    return {
        name: _interval(float(point[0]), np.concatenate([block[name] for block in blocks]))
        for name, point in points.items()
        if not np.isnan(point[0])
    }


def resample_weights(n: int, *, seed: int, resamples: int, groups: NDArray[Any] | None = None) -> Iterator[Weights]:
    """Yield blocks of bootstrap replicates as weights: how often each example was drawn.

    Drawing N examples with replacement is the same as weighting each by its number of draws, so a figure that
    takes weights is computed for a whole block of replicates at once.

    Args:
        n: number of examples N.
        seed: seeds the draws.
        resamples: number of replicates over all blocks.
        groups: `[N]`, what each example belongs to. Whole groups are drawn (the cluster bootstrap, Davison
            and Hinkley 1997, section 3.8), since a group's examples, a patient's X-rays say, are not
            independent.

    Yields:
        float32 `[N, R]`, with R summing to `resamples`.
    """
    group_of = None if groups is None else np.unique(groups, return_inverse=True)[1]
    units = n if group_of is None else int(group_of.max()) + 1
    rng = np.random.default_rng(seed)
    step = max(1, _BLOCK_CELLS // n)
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        drawn = rng.integers(0, units, size=(rows, units)) + np.arange(rows)[:, None] * units
        counts = np.bincount(drawn.ravel(), minlength=rows * units).reshape(rows, units)
        weights = np.ascontiguousarray(counts.T, dtype=np.float32)
        yield weights if group_of is None else weights[group_of]


def _interval(value: float, replicates: Figures) -> Estimate:
    # A replicate may leave a figure undefined: the recall of a class that was not drawn. And a figure that
    # noise mostly raises, calibration error, may have all replicates above it: the interval starts at it.
    defined = replicates[~np.isnan(replicates)]
    low, high = np.percentile(defined, [2.5, 97.5]) if defined.size else (value, value)
    return Estimate(value=value, low=min(value, float(low)), high=max(value, float(high)))
