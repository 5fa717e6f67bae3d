"""Ink that is no digit, drawn from a seed: what the digit model's out-of-distribution score learns to tell apart.

Letters written in strokes, letters of fonts, scribbles, stains, and what is found on pages that bear no ink at all,
each in MNIST's form as uploads are brought into it.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from app.inputs.digit import BOX, CENTRE, FIELD, normalise_digit
from app.inputs.errors import BrokenInputError
from training.letter_forms import FORMS
from training.strokes import write_letter

FONTS = ("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmss10", "cmtt10", "cmti10", "cmb10")
"""Fonts that Matplotlib ships. DejaVu is left out, so that its letters can show how the score takes unseen fonts."""

FINE = 4
PEN = (1.8, 4.5)
"""Pixels of the box: from the thinnest stroke that uploads are given to MNIST's thickest."""
KINDS = ("written", "printed", "scribble", "stain", "grain")
SHARES = (0.6, 0.13, 0.12, 0.07, 0.08)

Page = NDArray[np.uint8]
Strokes = list[NDArray[np.float64]]


def draw_scribbles(count: int, seed: int, forms: dict[str, tuple[str, ...]] = FORMS) -> NDArray[np.uint8]:
    """Draw so many, the letters after `forms`: uint8 `[count, 28, 28, 1]`, white ink on black in MNIST's form."""
    rng = np.random.default_rng(seed)
    draw: dict[str, Callable[[], Page | None]] = {
        "written": lambda: in_mnist_form(_inked(write_letter(rng, forms), rng)),
        "printed": lambda: in_mnist_form(_printed_letter(rng)),
        "scribble": lambda: in_mnist_form(_inked(_scribble(rng), rng)),
        "stain": lambda: in_mnist_form(_stain(rng)),
        "grain": lambda: _as_uploaded(_grain(rng)),
    }
    drawn: list[Page] = []
    while len(drawn) < count:
        one = draw[str(rng.choice(KINDS, p=SHARES))]()
        if one is not None:
            drawn.append(one)
    return np.stack(drawn)


def redraw_digits(digits: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Draw digits uint8 `[N, 28, 28, 1]` anew, turned and slanted a little, with the edge that a pen leaves.

    For the known beside the scribbles: or else what tells them apart would be how they are drawn.
    """
    rng = np.random.default_rng(seed)
    drawn = (in_mnist_form(_redrawn(digit[..., 0], rng)) for digit in digits)
    return np.stack([one for one in drawn if one is not None])


def _redrawn(digit: Page, rng: np.random.Generator) -> Image.Image:
    side = FINE * FIELD
    large = np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC), np.float64) / 255
    sharp = np.clip((large - 0.5) * rng.uniform(1, FINE) + 0.5, 0, 1)
    ink = Image.fromarray(np.rint(255 * sharp).astype(np.uint8))
    slant = rng.normal(0, 0.08)
    slanted = ink.transform(ink.size, Image.Transform.AFFINE, (1, slant, -slant * side / 2, 0, 1, 0))
    return _soft(slanted.rotate(float(rng.normal(0, 6)), Image.Resampling.BILINEAR), rng)


def _soft(ink: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Blur half of what is drawn."""
    return ink.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 3))) if rng.random() < 0.5 else ink


def in_mnist_form(ink: Image.Image) -> Page | None:
    """Bring clean ink, white on black, into MNIST's form: uint8 `[28, 28, 1]`; None where there is no ink.

    As `normalise_digit` does, without the search for ink on paper, which takes ten times as long.
    """
    box = ink.getbbox()
    if box is None:
        return None
    cropped = ink.crop(box)
    scale = BOX / max(cropped.size)
    width, height = (max(1, round(side * scale)) for side in cropped.size)
    levels = np.asarray(cropped.resize((width, height), Image.Resampling.HAMMING), np.float64)
    if not levels.any():
        return None
    levels *= 255 / levels.max()
    field = np.zeros((FIELD, FIELD, 1), np.uint8)
    top, left = (
        int(np.clip(round(CENTRE - np.average(np.arange(side), weights=levels.sum(1 - axis))), 0, FIELD - side))
        for axis, side in enumerate(levels.shape)
    )
    field[top : top + height, left : left + width, 0] = np.rint(levels)
    return field


def _as_uploaded(page: Page) -> Page | None:
    try:
        return normalise_digit(page)
    except BrokenInputError:
        return None


def _inked(strokes: Strokes, rng: np.random.Generator) -> Image.Image:
    """Draw strokes of points as curves or straight lines, slanted, stretched and turned, with one pen."""
    turn, slant, stretch = rng.normal(0, 0.12), rng.normal(0.08, 0.2), np.exp(rng.normal(-0.2, 0.25))
    shape = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) @ [[stretch, -slant], [0, 1]]
    curved = rng.random() < 0.85
    lines = [(_curve(stroke) if curved else stroke) @ shape.T for stroke in strokes]
    low, high = np.min([line.min(0) for line in lines], 0), np.max([line.max(0) for line in lines], 0)
    pen = FINE * rng.uniform(*PEN)
    scale = (FINE * BOX - pen) / max(*(high - low), 1e-6)
    page = Image.new("L", (FINE * FIELD, FINE * FIELD))
    draw, half = ImageDraw.Draw(page), pen / 2
    for line in lines:
        placed = (line - low) * scale + half + 2
        draw.line([tuple(point) for point in placed.tolist()], 255, round(pen), "curve")
        for x, y in (placed[0].tolist(), placed[-1].tolist()):
            draw.ellipse((x - half, y - half, x + half, y + half), 255)
    return _soft(page, rng)


def _curve(points: NDArray[np.float64], steps: int = 6) -> NDArray[np.float64]:
    """Pass a smooth curve through points `[n, 2]` (Catmull and Rom 1974)."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    a, b, c, d = (padded[start : len(padded) - 3 + start, None] for start in range(4))
    parts = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return np.concatenate([parts.reshape(-1, 2), points[-1:]])


def _scribble(rng: np.random.Generator) -> Strokes:
    return [rng.uniform(0, 1, (int(rng.integers(4, 10)), 2)) for _ in range(int(rng.integers(1, 4)))]


def _printed_letter(rng: np.random.Generator) -> Image.Image:
    side = FINE * BOX
    page = Image.new("L", (2 * side, 2 * side))
    letter, font = str(rng.choice(list(FORMS))), _font(str(rng.choice(FONTS)), side)
    ImageDraw.Draw(page).text((side, side), letter, 255, font, "mm", stroke_width=int(rng.integers(0, 5)))
    slant, stretch = rng.normal(0, 0.15), np.exp(rng.normal(0, 0.2))
    affine = (stretch, slant, side * (1 - stretch - slant), 0, 1, 0)
    bent = page.transform(page.size, Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR)
    return bent.rotate(float(rng.normal(0, 8)), Image.Resampling.BILINEAR)


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"), size)


def _stain(rng: np.random.Generator) -> Image.Image:
    """Draw what is above a level in smooth noise."""
    cells = int(rng.integers(3, 9))
    grid = Image.fromarray(rng.normal(size=(cells, cells)).astype(np.float32))
    field = np.asarray(grid.resize((2 * BOX, 2 * BOX), Image.Resampling.BICUBIC))
    level, soft = rng.uniform(0.2, 1.5), rng.uniform(0.05, 1)
    inked = 255 / (1 + np.exp(-np.clip((field - level) / soft, -30, 30)))
    return Image.fromarray(np.rint(inked).astype(np.uint8))


def _grain(rng: np.random.Generator, side: int = 96) -> Page:
    """Draw a picture without ink: noise whose amplitude falls with its frequency, as in paper and in photographs."""
    across, down = np.fft.rfftfreq(side) * side, np.fft.fftfreq(side)[:, None] * side
    amplitude = 1 / np.maximum(np.hypot(across, down), 1) ** rng.uniform(0, 2.2)
    spectrum = amplitude * (rng.normal(size=amplitude.shape) + 1j * rng.normal(size=amplitude.shape))
    noise = np.fft.irfft2(spectrum, (side, side))
    levels = rng.uniform(60, 255) + rng.uniform(2, 60) * (noise - noise.mean()) / noise.std()
    return np.rint(np.clip(levels, 0, 255)).astype(np.uint8)
