"""The paper under the ink: how light it is at each pixel of a photo, whatever lamp and shadow do."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.inputs.morphology import close

Floats = NDArray[np.float32]

# Light changes slowly: a grid of this many cells on the longer side follows it, and averages noise away.
GRID = 32
# Cells, each way. Anything dark within a window of 11, a third of the picture, counts as ink: thicker than any stroke
# of a digit.
REACH = 5


def paper_level(paper: NDArray[np.uint8]) -> Floats:
    """Estimate the grey level of the bare paper at each pixel of `paper`, a picture of dark ink on light: `[H, W]`.

    A morphological closing fills what is dark and narrow and leaves slopes and the edges of wide shadows as they are.
    It overrates the darker end of a slope: so it is done again with the plane taken off that the first one shows.
    """
    height, width = paper.shape
    grid = _resize(paper.astype(np.float32), _grid_size(width, height), Image.Resampling.BOX)
    plane = _fitted_plane(close(grid, REACH))
    closed = close(grid - plane, REACH) + plane
    return _resize(closed, (width, height), Image.Resampling.BILINEAR)


def _grid_size(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, GRID / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _resize(values: Floats, size: tuple[int, int], filter_: Image.Resampling) -> Floats:
    return np.asarray(Image.fromarray(values).resize(size, filter_))


def _fitted_plane(grid: Floats) -> Floats:
    """The plane nearest to `grid` by least squares, at the same places."""
    height, width = grid.shape
    terms = np.ones((height, width, 3), np.float32)
    terms[..., 1] = np.arange(height)[:, np.newaxis]
    terms[..., 2] = np.arange(width)
    listed = terms.reshape(-1, 3)
    weights = np.linalg.lstsq(listed, grid.ravel(), rcond=None)[0]
    plane: Floats = (listed @ weights).astype(np.float32, copy=False).reshape(grid.shape)
    return plane
