"""MNIST's digits as people would upload them: redrawn larger, dark on light, anywhere on a photographed page."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.strangers.paper import photographed

SIDES = (56, 240)
"""Smallest and largest side that a digit's field of 28 pixels is redrawn at."""


def redrawn(digits: Sequence[NDArray[np.uint8]], seed: int) -> list[Image.Image]:
    """Redraw digits uint8 `[28, 28]`, white on black, each at its own size and place."""
    rng = np.random.default_rng(seed)
    return [Image.fromarray(photographed(255 - _on_page(digit, rng), rng)) for digit in digits]


def _on_page(digit: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    ink = enlarged(digit, int(rng.integers(*SIDES)))
    height, width = (round(len(ink) * float(room)) for room in rng.uniform(1.1, 2.5, 2))
    top, left = int(rng.integers(height - len(ink) + 1)), int(rng.integers(width - len(ink) + 1))
    page = np.zeros((height, width), np.uint8)
    page[top : top + len(ink), left : left + len(ink)] = ink
    return page


def enlarged(digit: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Redraw a digit's field at `side` x `side` with the sharp edge of a real stroke."""
    smooth = np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC), np.float64) / 255
    sharp = np.clip((smooth - 0.5) * max(4, side / len(digit)) + 0.5, 0, 1)
    ink: NDArray[np.uint8] = np.rint(255 * sharp).astype(np.uint8)
    return ink
