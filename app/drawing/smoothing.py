"""A coarse map enlarged to a picture's size without edges and without inventing extremes."""

import numpy as np
from numpy.typing import NDArray


def enlarge(coarse: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Enlarge a map float32 `[h, w]` to `[height, width]`, each cell spread by the quadratic B-spline.

    Its weights are smooth, not negative, and add up to 1 (Unser 1999, "Splines: a perfect fit for signal and image
    processing"), so no value goes beyond those of the cells around it. A cubic interpolation overshoots: a ring of
    evidence against would surround each spot of evidence for.
    """
    rows, columns = _weights(coarse.shape[0], height), _weights(coarse.shape[1], width)
    return (rows @ coarse @ columns.T).astype(np.float32)


def _weights(cells: int, pixels: int) -> NDArray[np.float64]:
    """Return the share of each cell in each pixel along one side: `[pixels, cells]`."""
    centres = (np.arange(pixels) + 0.5) * (cells / pixels)
    distance = np.abs(centres[:, None] - (np.arange(cells) + 0.5))
    spline = np.where(distance < 0.5, 0.75 - distance**2, 0.5 * np.maximum(1.5 - distance, 0) ** 2)
    # At the border a part of the spline lies outside: the rest takes its share.
    return np.asarray(spline / spline.sum(1, keepdims=True))
