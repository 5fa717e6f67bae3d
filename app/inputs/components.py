"""Connected components of a mask, in numpy alone: the service has no image library that labels them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Components:
    """The 8-connected components of a mask, as arrays with one entry a component.

    `top`, `bottom`, `left`, `right` bound each component in pixels, `bottom` and `right` exclusive. `starts`, `ends`
    and `owner` list the runs of set pixels in raster order of a mask padded by one column on each side: where a run
    begins, where it ends (exclusive), and which component it belongs to.
    """

    shape: tuple[int, int]
    top: Ints
    bottom: Ints
    left: Ints
    right: Ints
    starts: Ints
    ends: Ints
    owner: Ints

    def __len__(self) -> int:
        return len(self.top)

    def sums(self, weight: NDArray[np.float32]) -> NDArray[np.float64]:
        """Add up `weight` `[H, W]` over each component."""
        padded = np.pad(weight, ((0, 0), (1, 1))).ravel()
        before = np.concatenate(([0.0], np.cumsum(padded, dtype=np.float64)))
        return np.bincount(self.owner, before[self.ends] - before[self.starts], len(self)).astype(np.float64)

    def paint(self, chosen: Mask) -> Mask:
        """Return the mask `[H, W]` of the components for which `chosen` is true."""
        height, width = self.shape
        kept = chosen[self.owner]
        steps = np.zeros(height * (width + 2) + 1, np.int8)
        steps[self.starts[kept]] = 1
        steps[self.ends[kept]] = -1
        painted = np.cumsum(steps[:-1], dtype=np.int8).astype(np.bool_)
        return painted.reshape(height, width + 2)[:, 1:-1]


def find_components(mask: Mask) -> Components:
    """Find the 8-connected components of `mask` `[H, W]`.

    Runs of set pixels are joined to the runs that they touch in the row below, then every run takes the smallest
    number found among its neighbours until none changes (label propagation with pointer jumping).
    """
    height, width = mask.shape
    stride = width + 2
    flat = np.zeros(height * stride + 1, np.int8)
    flat[:-1].reshape(height, stride)[:, 1:-1] = mask
    steps = np.diff(flat, prepend=np.int8(0))
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    owner = _join(len(starts), *_touching(starts, ends, stride))

    rows, first, last = starts // stride, starts % stride - 1, (ends - 1) % stride
    count = int(owner.max(initial=-1)) + 1
    top, left = np.full(count, height), np.full(count, width)
    bottom, right = np.zeros(count, np.int64), np.zeros(count, np.int64)
    np.minimum.at(top, owner, rows)
    np.maximum.at(bottom, owner, rows + 1)
    np.minimum.at(left, owner, first)
    np.maximum.at(right, owner, last)
    return Components((height, width), top, bottom, left, right, starts, ends, owner)


def _touching(starts: Ints, ends: Ints, stride: int) -> tuple[Ints, Ints]:
    """Pairs of runs that touch, also corner to corner: indices of the upper and of the lower run."""
    first = np.searchsorted(ends, starts + stride, side="left")
    stop = np.searchsorted(starts, ends + stride, side="right")
    counts = np.maximum(stop - first, 0)
    upper = np.repeat(np.arange(len(starts)), counts)
    within = np.arange(len(upper)) - np.repeat(np.cumsum(counts) - counts, counts)
    return upper, np.repeat(first, counts) + within


def _join(runs: int, upper: Ints, lower: Ints) -> Ints:
    """Number the groups of runs that `upper[i]`-`lower[i]` pairs link, from 0 and without gaps."""
    parent = np.arange(runs)
    while True:
        smaller = np.minimum(parent[upper], parent[lower])
        joined = parent.copy()
        np.minimum.at(joined, parent[upper], smaller)
        np.minimum.at(joined, parent[lower], smaller)
        while not np.array_equal(joined, joined[joined]):
            joined = joined[joined]
        if np.array_equal(joined, parent):
            return np.unique(parent, return_inverse=True)[1]
        parent = joined
