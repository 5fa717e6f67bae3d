"""Digits on paper: drawn with a font or taken from MNIST, then laid on a page, lit and photographed."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist" / "mnist_train.npz"


def mnist_digits(count: int, first: int = 0) -> NDArray[np.uint8]:
    """So many of MNIST's training digits `[N, 28, 28]`; skips the test where that file is not."""
    if not MNIST.exists():
        pytest.skip("MNIST's training set is not beside the checkout")
    with np.load(MNIST) as archive:
        return archive["x_train"][first : first + count]


def font_digit(digit: int, height: int = 120) -> NDArray[np.uint8]:
    """A digit in Pillow's own font, white on black, cropped to its ink, about `height` pixels high."""
    field = Image.new("L", (3 * height, 3 * height))
    ImageDraw.Draw(field).text((height, height), str(digit), font=ImageFont.load_default(1.4 * height), fill=255)
    return np.asarray(field.crop(field.getbbox()))


def enlarged(mnist_digit: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """An MNIST digit's field of 28 x 28 redrawn at `side` x `side` with the sharp edge of a real stroke."""
    smooth = np.asarray(Image.fromarray(mnist_digit).resize((side, side), Image.Resampling.BICUBIC), np.float64) / 255
    sharp = np.clip((smooth - 0.5) * max(4, side / 28) + 0.5, 0, 1)
    return np.rint(255 * sharp).astype(np.uint8)


def on_paper(
    ink: NDArray[np.uint8],
    size: tuple[int, int] = (400, 300),
    place: tuple[float, float] = (0.5, 0.5),
    paper: int = 225,
    pen: int = 30,
) -> NDArray[np.float64]:
    """Lay ink `[h, w]` (255 is full) on a page of `size` (width, height), at `place` (0 to 1) of the room there is."""
    width, height = size
    page = np.full((height, width), float(paper))
    top, left = round(place[1] * (height - ink.shape[0])), round(place[0] * (width - ink.shape[1]))
    spot = page[top : top + ink.shape[0], left : left + ink.shape[1]]
    spot += (pen - spot) * (ink / 255)
    return page


def lit(page: NDArray[np.float64], darkest: float = 0.4, angle: float = 0.7) -> NDArray[np.float64]:
    """Light a page from one side: full light falls to `darkest` of it across the page."""
    rows, columns = np.mgrid[: page.shape[0], : page.shape[1]]
    along = np.cos(angle) * columns / page.shape[1] + np.sin(angle) * rows / page.shape[0]
    along = (along - along.min()) / np.ptp(along)
    return page * (1 - (1 - darkest) * along)


def shadowed(page: NDArray[np.float64], depth: float = 0.45, softness: float = 0.05) -> NDArray[np.float64]:
    """Lay a shadow with a soft edge over the right half of a page."""
    columns = np.arange(page.shape[1]) / page.shape[1]
    return page * (1 - depth / (1 + np.exp(-(columns - 0.5) / softness)))


def photographed(page: NDArray[np.float64], noise: float = 0, seed: int = 0) -> NDArray[np.uint8]:
    """Add a sensor's noise (standard deviation in grey levels) and round to grey levels."""
    grain = np.random.default_rng(seed).normal(0, noise, page.shape) if noise else 0
    return np.clip(np.rint(page + grain), 0, 255).astype(np.uint8)


def likeness(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """How alike two fields `[28, 28, 1]` are: Pearson's correlation of their pixels, the best of shifts by one.

    A centre of mass between two pixels may be rounded either way.
    """
    shifts = [(down, across) for down in (-1, 0, 1) for across in (-1, 0, 1)]
    moved = (np.roll(one, shift, axis=(0, 1)) for shift in shifts)
    return max(float(np.corrcoef(field.ravel(), other.ravel())[0, 1]) for field in moved)
