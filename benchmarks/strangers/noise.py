"""Pictures of nothing: noise of several kinds, plain colours, gradients."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Draw = Callable[[int, int, np.random.Generator], NDArray[np.float64]]
"""From height, width and a source of chance to grey `[H, W]` or colour `[H, W, 3]` levels, 0 to 255."""

SIDES = (96, 640)
"""Smallest and largest side, in pixels."""


def pictures(draw: Draw, count: int, seed: int) -> list[Image.Image]:
    """Draw so many pictures of one kind, each of its own size."""
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(count):
        height, width = rng.integers(*SIDES, 2).tolist()
        drawn.append(Image.fromarray(np.rint(np.clip(draw(height, width, rng), 0, 255)).astype(np.uint8)))
    return drawn


def white(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Every pixel by itself, uniform or normal, grey or colour."""
    shape = (height, width, 3) if rng.random() < 0.5 else (height, width)
    if rng.random() < 0.5:
        return rng.uniform(0, 255, shape)
    return rng.normal(rng.uniform(80, 176), rng.uniform(20, 80), shape)


def smooth(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Clouds: a coarse grid of 3 to 24 random levels a side, enlarged."""
    cells = int(rng.integers(3, 25))
    channels = 3 if rng.random() < 0.5 else 1
    grids = rng.integers(0, 256, (channels, cells, cells), np.uint8)
    large = [np.asarray(Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)) for grid in grids]
    return np.stack(large, -1).astype(np.float64).squeeze()


def salt_and_pepper(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A grey field of which 2 to 50 % of the pixels are black or white."""
    field = np.full((height, width), rng.uniform(40, 215))
    hit = rng.random((height, width)) < rng.uniform(0.02, 0.5)
    field[hit] = rng.choice((0.0, 255.0), int(hit.sum()))
    return field


def plain(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """One colour, half of the time one grey."""
    colour = rng.uniform(0, 255, 3) if rng.random() < 0.5 else np.full(3, rng.uniform(0, 255))
    return np.broadcast_to(colour, (height, width, 3))


def gradient(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """From one colour to another, straight across at any angle or outwards from a point."""
    rows, columns = np.mgrid[:height, :width] / max(height, width)
    if rng.random() < 0.5:
        angle = rng.uniform(0, 2 * np.pi)
        along = np.cos(angle) * columns + np.sin(angle) * rows
    else:
        along = np.hypot(rows - rng.uniform(0, 1), columns - rng.uniform(0, 1))
    share = ((along - along.min()) / max(float(np.ptp(along)), 1e-9))[..., np.newaxis]
    first, last = rng.uniform(0, 255, (2, 3 if rng.random() < 0.5 else 1)) * np.ones(3)
    levels: NDArray[np.float64] = first + (last - first) * share
    return levels


def black(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Black, as a covered camera sees it: with up to 3 levels of noise."""
    return rng.normal(0, rng.uniform(0, 3), (height, width))


def all_white(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """White, as an overexposed camera sees it: with up to 3 levels of noise."""
    return 255 - np.abs(rng.normal(0, rng.uniform(0, 3), (height, width)))
