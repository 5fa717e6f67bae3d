"""The paper under the ink: how light it is at each pixel of a photo, whatever lamp and shadow do."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]

# Light changes slowly: a grid of this many cells on the longer side follows it, and averages noise away.
GRID = 32
# Cells. Anything dark that is narrower, a third of the picture, counts as ink: thicker than any stroke of a digit.
WINDOW = 11
# A plane is taken off before the second closing, since a closing overrates the darker end of a slope.
PASSES = 2


def paper_level(paper: NDArray[np.uint8]) -> Floats:
    """Estimate the grey level of the bare paper at each pixel of `paper`, a picture of dark ink on light: `[H, W]`.

    A morphological closing (Serra 1982), the erosion of a dilation, fills what is dark and narrow and leaves slopes
    and the edges of wide shadows as they are.
    """
    height, width = paper.shape
    grid = _resize(paper.astype(np.float32), _grid_size(width, height), Image.Resampling.BOX)
    plane = np.zeros_like(grid)
    for _ in range(PASSES):
        closed = _closing(grid - plane) + plane
        plane = _fitted_plane(closed)
    return _resize(closed, (width, height), Image.Resampling.BILINEAR)


def _grid_size(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, GRID / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _resize(values: Floats, size: tuple[int, int], filter_: Image.Resampling) -> Floats:
    return np.asarray(Image.fromarray(values).resize(size, filter_))


def _closing(grid: Floats) -> Floats:
    for extreme in (np.max, np.min):
        for axis in (0, 1):
            margins = [(0, 0), (0, 0)]
            margins[axis] = (WINDOW // 2, WINDOW // 2)
            windows = sliding_window_view(np.pad(grid, margins, mode="edge"), WINDOW, axis)
            grid = extreme(windows, axis=-1)
    return grid


def _fitted_plane(grid: Floats) -> Floats:
    """The plane nearest to `grid` by least squares, at the same places."""
    rows, columns = np.indices(grid.shape, np.float32)
    terms = np.stack((np.ones_like(rows), rows, columns), axis=-1).reshape(-1, 3)
    weights = np.linalg.lstsq(terms, grid.ravel(), rcond=None)[0]
    plane: Floats = (terms @ weights).astype(np.float32).reshape(grid.shape)
    return plane
