"""Ink that is no digit, drawn from a seed: what the digit model's out-of-distribution score learns to tell apart.

Letters written in strokes, letters of fonts, scribbles and stains, each brought into MNIST's form as uploads are.
"""

from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from app.inputs.digit import normalise_digit
from app.inputs.errors import BrokenInputError

FONTS = ("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmss10", "cmtt10", "cmti10", "cmb10")
"""Fonts that Matplotlib ships. DejaVu is left out, so that its letters can show how the score takes unseen fonts."""

STROKES = {
    "A": ("09 40 89", "25 65"), "C": ("82 50 20 03 06 29 59 87",), "E": ("80 00 09 89", "04 64"),
    "F": ("80 00 09", "04 64"), "H": ("00 09", "80 89", "05 85"), "J": ("20 80", "60 67 49 29 07"),
    "K": ("00 09", "80 05 89"), "L": ("00 09 89",), "M": ("09 00 46 80 89",), "N": ("09 00 89 80",),
    "P": ("09 00 60 82 64 05",), "R": ("09 00 60 82 64 05", "25 89"), "T": ("00 80", "40 49"),
    "U": ("00 06 29 69 86 80",), "V": ("00 49 80",), "W": ("00 29 44 69 80",), "X": ("00 89", "80 09"),
    "Y": ("00 45 80", "45 49"), "a": ("75 54 24 06 08 29 59 77", "74 78 89"), "d": ("75 54 24 06 08 29 59 77", "70 79"),
    "e": ("06 76 74 54 24 05 07 29 59 78",), "f": ("70 50 32 39", "14 64"), "h": ("00 09", "06 24 54 76 79"),
    "k": ("00 09", "64 07 69"), "m": ("04 09", "06 14 34 45 49", "46 54 74 86 89"), "n": ("04 09", "06 24 54 76 79"),
    "p": ("02 09", "03 22 52 74 56 26 05"), "r": ("04 09", "07 25 44 74"), "t": ("30 37 49 69 77", "03 63"),
    "u": ("04 07 19 49 76", "74 79"),
}  # fmt: skip
"""Letters as a hand writes them: each stroke's points, across (0 to 8) and down (0 to 9). Letters that may be taken for
a digit are left out."""

SIDE = 48
KINDS = ("strokes", "fonts", "scribble", "stain")
SHARES = (0.4, 0.3, 0.2, 0.1)


def draw_scribbles(count: int, seed: int) -> NDArray[np.uint8]:
    """Draw so many: uint8 `[count, 28, 28, 1]`, white ink on black in MNIST's form."""
    rng = np.random.default_rng(seed)
    draw: dict[str, Callable[[np.random.Generator], NDArray[np.uint8]]] = {
        "strokes": _written_letter,
        "fonts": _printed_letter,
        "scribble": _scribble,
        "stain": _stain,
    }
    drawn: list[NDArray[np.uint8]] = []
    while len(drawn) < count:
        try:
            drawn.append(normalise_digit(draw[str(rng.choice(KINDS, p=SHARES))](rng)))
        except BrokenInputError:
            continue
    return np.stack(drawn)


def _written_letter(rng: np.random.Generator) -> NDArray[np.uint8]:
    strokes = STROKES[str(rng.choice(list(STROKES)))]
    points = [np.array([[int(at[0]) / 8, int(at[1]) / 9] for at in stroke.split()]) for stroke in strokes]
    return _inked([stroke + rng.normal(0, 0.05, stroke.shape) for stroke in points], rng)


def _scribble(rng: np.random.Generator) -> NDArray[np.uint8]:
    strokes = [rng.uniform(0, 1, (int(rng.integers(4, 10)), 2)) for _ in range(int(rng.integers(1, 4)))]
    return _inked(strokes, rng)


def _inked(strokes: list[NDArray[np.float64]], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw strokes of points in the unit square as curves or straight lines, slanted, stretched and turned."""
    turn, slant, stretch = rng.normal(0, 0.12), rng.normal(0, 0.2), rng.uniform(0.6, 1.1)
    shape = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) @ [[stretch, slant], [0, 1]]
    page = Image.new("L", (2 * SIDE, 2 * SIDE))
    draw, width = ImageDraw.Draw(page), int(rng.integers(3, 9))
    curved = rng.random() < 0.7
    for stroke in strokes:
        line = (_curve(stroke) if curved else stroke) - 0.5
        placed = (line @ shape.T * SIDE + SIDE).round().astype(int)
        draw.line([tuple(point) for point in placed.tolist()], 255, width, "curve")
        for x, y in (placed[0].tolist(), placed[-1].tolist()):
            draw.ellipse((x - width // 2, y - width // 2, x + width // 2, y + width // 2), 255)
    return np.asarray(page)


def _curve(points: NDArray[np.float64], steps: int = 8) -> NDArray[np.float64]:
    """Pass a smooth curve through points `[n, 2]` (Catmull and Rom 1974)."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False)
    ]
    return np.concatenate([*parts, points[-1:]])


def _printed_letter(rng: np.random.Generator) -> NDArray[np.uint8]:
    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{rng.choice(FONTS)}.ttf"
    page = Image.new("L", (2 * SIDE, 2 * SIDE))
    ImageDraw.Draw(page).text(
        (SIDE, SIDE),
        str(rng.choice([*STROKES, "c", "v", "w", "x"])),
        255,
        ImageFont.truetype(str(path), SIDE),
        "mm",
        stroke_width=int(rng.integers(0, 4)),
    )
    return np.asarray(page.rotate(float(rng.normal(0, 8)), Image.Resampling.BICUBIC))


def _stain(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw what is above a level in smooth noise."""
    cells = int(rng.integers(3, 9))
    grid = Image.fromarray(rng.normal(size=(cells, cells)).astype(np.float32))
    field = np.pad(np.asarray(grid.resize((SIDE, SIDE), Image.Resampling.BICUBIC)), SIDE // 4, constant_values=-9)
    level, soft = rng.uniform(0.2, 1.5), rng.uniform(0.05, 1)
    return np.rint(255 / (1 + np.exp(-np.clip((field - level) / soft, -30, 30)))).astype(np.uint8)
