"""Connected components of a mask, in numpy alone: the service has no image library that labels them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Components:
    """The 8-connected components of `mask` `[H, W]`, as arrays with one entry a component.

    `top`, `bottom`, `left`, `right` bound each component in pixels, `bottom` and `right` exclusive. `row`, `first`,
    `stop` and `owner` list the runs of set pixels in raster order: where a run lies, from which column to which
    (exclusive), and which component it belongs to.
    """

    mask: Mask
    top: Ints
    bottom: Ints
    left: Ints
    right: Ints
    row: Ints
    first: Ints
    stop: Ints
    owner: Ints

    def __len__(self) -> int:
        return len(self.top)

    def box(self) -> tuple[slice, slice]:
        """Rows and columns that bound all components; there is at least one."""
        return slice(self.top.min(), self.bottom.max()), slice(self.left.min(), self.right.max())

    def sums(self, weight: NDArray[Any]) -> NDArray[np.float64]:
        """Add up `weight` `[H, W]`, numbers or booleans, over each component."""
        if not len(self):
            return np.zeros(0)
        lengths = self.stop - self.first
        of_runs = np.add.reduceat(weight[self.mask], np.cumsum(lengths) - lengths, dtype=np.float64)
        return np.bincount(self.owner, of_runs, len(self)).astype(np.float64, copy=False)

    def border_lengths(self) -> Ints:
        """How many pixels of each component lie on the border of the picture."""
        height, width = self.mask.shape
        lengths = self.stop - self.first
        at_sides = np.minimum((self.first == 0).astype(np.int64) + (self.stop == width), lengths)
        across = (self.row == 0) | (self.row == height - 1)
        return np.bincount(self.owner, np.where(across, lengths, at_sides), len(self)).astype(np.int64)

    def paint(self, chosen: Mask) -> Mask:
        """Return the mask `[H, W]` of the components for which `chosen` is true."""
        painted = np.zeros_like(self.mask)
        painted[self.mask] = np.repeat(chosen[self.owner], self.stop - self.first)
        return painted

    def only(self, chosen: Mask) -> "Components":
        """Return the components for which `chosen` is true."""
        if chosen.all():
            return self
        runs = chosen[self.owner]
        numbers = np.cumsum(chosen) - 1
        return Components(
            mask=self.paint(chosen),
            top=self.top[chosen],
            bottom=self.bottom[chosen],
            left=self.left[chosen],
            right=self.right[chosen],
            row=self.row[runs],
            first=self.first[runs],
            stop=self.stop[runs],
            owner=numbers[self.owner[runs]],
        )


def find_components(mask: Mask) -> Components:
    """Find the 8-connected components of `mask` `[H, W]`, numbered by their first pixels in raster order."""
    height, width = mask.shape
    stride = width + 2
    padded = np.zeros((height, stride), np.bool_)
    padded[:, 1:-1] = mask
    flat = padded.ravel()
    starts, ends = (np.flatnonzero(flat[1:] != flat[:-1]) + 1).reshape(-1, 2).T.copy()
    root = _join(starts, ends, stride)

    numbers = np.arange(len(root))
    roots = np.flatnonzero(root == numbers)
    owner = np.searchsorted(roots, root)
    row, first = np.divmod(starts - 1, stride)
    stop = first + (ends - starts)
    # Runs are in raster order, and of values assigned to one place the last one stays.
    bottom, left, right = np.empty_like(roots), np.full_like(roots, width), np.zeros_like(roots)
    bottom[owner] = row + 1
    np.minimum.at(left, owner, first)
    np.maximum.at(right, owner, stop)
    return Components(mask, row[roots], bottom, left, right, row, first, stop, owner)


def _join(starts: Ints, ends: Ints, stride: int) -> Ints:
    """The first run, in raster order, that each run hangs together with; a run's own number if there is none before.

    Each run is hung from the first run that it touches in the row above. Then the trees of runs that a later run
    touches too are joined, until no two that touch have different roots.
    """
    above = np.searchsorted(ends, starts - stride, side="left")
    stop = np.searchsorted(starts, ends - stride, side="right")
    root = _roots(np.where(above < stop, above, np.arange(len(starts))))
    upper = _spread(above, stop - 1)
    while True:
        one, other = root[upper], root[upper + 1]
        if np.array_equal(one, other):
            return root
        np.minimum.at(root, np.maximum(one, other), np.minimum(one, other))
        root = _roots(root)


def _spread(start: Ints, stop: Ints) -> Ints:
    """All of the ranges `start[i]` to `stop[i]` (exclusive), on end; a range may be empty."""
    filled = np.flatnonzero(start < stop)
    if not filled.size:
        return filled
    lengths = (stop - start)[filled]
    ends = lengths.cumsum()
    return np.repeat(start[filled] - ends + lengths, lengths) + np.arange(ends[-1])


def _roots(parent: Ints) -> Ints:
    """Follow `parent` to the end from every run at once (pointer jumping)."""
    while True:
        grand = parent[parent]
        if (grand == parent).all():
            return parent
        parent = grand
