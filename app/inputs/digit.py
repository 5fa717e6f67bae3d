"""Bring a picture of a handwritten digit into MNIST's own normal form."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.inputs.errors import BrokenInputError
from app.inputs.image import read_grey, shrink
from app.inputs.ink import Ink, border_pixels, find_ink
from app.inputs.limits import InputLimits
from app.inputs.morphology import dilate

Bytes = NDArray[np.uint8]

# "The original black and white images were size normalized to fit in a 20x20 pixel box while preserving their aspect
# ratio ... the images were centered in a 28x28 image by computing the center of mass of the pixels, and translating
# the image so as to position this point at the center of the 28x28 field." (LeCun, Cortes, Burges: the MNIST database)
FIELD = 28
BOX = 20
# The pixel that the centre of mass falls in: in all of MNIST's training set it lies at 13.5 to 14.5, counted from 0.
CENTRE = 14
# Rounding to grey levels moves a centre of mass that lies at the very edge of its pixel.
CENTRE_TOLERANCE = 0.55

# Pixels. Fine enough for a digit that fills an eighth of a photo; a larger picture is averaged down.
WORKING_SIDE = 512
# A pen's thin line is widened to this many pixels of the box: the thinner fifth of MNIST's strokes.
LEAST_STROKE = 1.8
# Strokes are widened at this multiple of the box.
FINE = 4


def read_digit(data: bytes, limits: InputLimits) -> Bytes:
    """Read a photo or a drawing of one digit, as MNIST would show it: uint8 `[28, 28, 1]`, white ink on black.

    Raises:
        InputError: no picture, too large, damaged (see `open_picture`), or without ink.
    """
    grey = read_grey(data, limits, WORKING_SIDE)
    with limits.one_by_one.entered(grey.size):
        return normalise_digit(grey)


def normalise_digit(grey: Bytes) -> Bytes:
    """Bring `grey`, uint8 `[H, W]`, dark on light or light on dark, into MNIST's form: uint8 `[28, 28, 1]`.

    The ink is found (`find_ink`), cropped, resized to a box of 20 x 20 keeping its proportions, and moved by whole
    pixels so that its centre of mass falls into the centre of the field. Grey levels of strokes are kept, stretched so
    that the brightest is 255. A picture that is in this form already is returned as it is.

    Raises:
        BrokenInputError: there are no pixels, or no ink.
    """
    if grey.size == 0:
        raise BrokenInputError("The picture has no pixels.")
    ready = _already_normal(grey)
    if ready is not None:
        return ready[..., np.newaxis]
    if max(grey.shape) > WORKING_SIDE:
        grey = np.asarray(shrink(Image.fromarray(grey), WORKING_SIDE))
    ink = find_ink(grey)
    if ink is None:
        raise BrokenInputError(
            "The picture is blank: no ink was found. Send one digit, dark on light or light on dark."
        )
    return _centred(_boxed(ink))[..., np.newaxis]


def _already_normal(grey: Bytes) -> Bytes | None:
    """White on black, if `grey` is a digit in MNIST's form, be it white on black or black on white."""
    if grey.shape != (FIELD, FIELD):
        return None
    border = border_pixels(grey, 1)
    if 2 * np.count_nonzero(border == 0) > border.size:
        ink = grey
    elif 2 * np.count_nonzero(border == 255) > border.size:
        ink = 255 - grey
    else:
        return None
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not rows.size or max(rows[-1] - rows[0], columns[-1] - columns[0]) != BOX - 1:
        return None
    off = max(abs(mean - CENTRE) for mean in _centre_of_mass(ink))
    return ink if off <= CENTRE_TOLERANCE else None


def _centre_of_mass(ink: Bytes) -> tuple[float, float]:
    """Mean row and column of the ink, weighted by its level, counted from 0 at the first pixel."""
    rows, columns = ink.sum(axis=1, dtype=np.int64), ink.sum(axis=0, dtype=np.int64)
    total = rows.sum()
    return float(rows @ np.arange(rows.size) / total), float(columns @ np.arange(columns.size) / total)


def _boxed(ink: Ink) -> Bytes:
    """Resize ink to fit the box: `[h, w]`, the longer side `BOX` pixels, the brightest pixel 255."""
    coverage = Image.fromarray(ink.coverage)
    steps = _widening_steps(ink)
    if steps > 0:
        coverage = _widened(coverage, steps)
    boxed = np.asarray(coverage.resize(_fitted(coverage.size, BOX), Image.Resampling.HAMMING))
    boxed = np.maximum(boxed, 0)
    levels: Bytes = np.rint(boxed * (255 / boxed.max())).astype(np.uint8)
    return levels


def _fitted(size: tuple[int, int], longest: int) -> tuple[int, int]:
    scale = longest / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _widening_steps(ink: Ink) -> int:
    """How many pixels, at the fine scale, a thin stroke lacks on each side.

    A stroke's width is twice its area over its outline; an outline counted in pixel edges is 4 / pi too long on
    average over all directions.
    """
    height, width = ink.mask.shape
    padded = np.zeros((height + 2, width + 2), np.bool_)
    padded[1:-1, 1:-1] = ink.mask
    edges = np.count_nonzero(padded[1:] != padded[:-1]) + np.count_nonzero(padded[:, 1:] != padded[:, :-1])
    stroke = 2 * np.count_nonzero(ink.mask) / (edges * np.pi / 4)
    in_box = stroke * BOX / max(height, width)
    return round(float(LEAST_STROKE - in_box) / 2 * FINE)


def _widened(coverage: Image.Image, steps: int) -> Image.Image:
    """Bring ink to the fine scale and widen it there by `steps` pixels on each side: mode `F`."""
    inner = coverage.resize(_fitted(coverage.size, FINE * BOX - 2 * steps), Image.Resampling.HAMMING)
    levels = np.rint(np.clip(np.asarray(inner), 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(dilate(np.pad(levels, steps), steps).astype(np.float32))


def _centred(boxed: Bytes) -> Bytes:
    """Lay the box into the field `[28, 28]`, its centre of mass in the centre, as far as the field allows."""
    field = np.zeros((FIELD, FIELD), np.uint8)
    places = []
    for length, mean in zip(boxed.shape, _centre_of_mass(boxed), strict=True):
        start = min(max(math.floor(CENTRE - mean + 0.5), 0), FIELD - length)
        places.append(slice(start, start + length))
    field[tuple(places)] = boxed
    return field
