"""Letters as people would upload them: printed or distorted like handwriting, thin or thick, turned, on any paper."""

from dataclasses import dataclass
from string import ascii_letters

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from scipy.ndimage import gaussian_filter, map_coordinates

from benchmarks.strangers.fonts import load_font
from benchmarks.strangers.paper import photographed

DIGIT_SHAPES = frozenset("OoDQlIijZzSsbGqgBy")
"""Left out, because a reader may take them for a digit: 0 (O o D Q), 1 (l I i j), 2 (Z z), 5 (S s), 6 (b G), 9 (q g),
8 (B), 4 (y)."""
LETTERS = tuple(letter for letter in ascii_letters if letter not in DIGIT_SHAPES)
GLYPH = 120


@dataclass(frozen=True)
class Style:
    """How letters are made: written with one of the fonts, and `bent` as by a hand or straight."""

    name: str
    fonts: tuple[str, ...]
    bent: bool


# None of these fonts is among those that the digit model's score is taught with.
STYLES = (
    Style("sans serif", ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique"), bent=False),
    Style("serif", ("DejaVuSerif", "DejaVuSerif-Bold"), bent=False),
    Style("typewriter", ("DejaVuSansMono",), bent=False),
    Style("bent as by a hand", tuple(f"DejaVu{family}" for family in ("Sans", "Sans-Oblique", "Serif")), bent=True),
)


def letters(style: Style, count: int, seed: int) -> list[Image.Image]:
    """Draw so many letters of one style, going round `LETTERS`."""
    rng = np.random.default_rng(seed)
    drawn = []
    for number in range(count):
        ink = _ink(LETTERS[number % len(LETTERS)], str(rng.choice(style.fonts)), rng)
        drawn.append(Image.fromarray(_on_page(bent(ink, rng) if style.bent else ink, rng)))
    return drawn


def _ink(letter: str, font: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a letter, 255 where there is ink, thickened and turned by up to 12 degrees, with margins to bend it in."""
    field = Image.new("L", (3 * GLYPH, 3 * GLYPH))
    middle = (1.5 * GLYPH, 1.5 * GLYPH)
    stroke = int(rng.integers(0, 7))
    ImageDraw.Draw(field).text(middle, letter, 255, load_font(font, GLYPH), "mm", stroke_width=stroke)
    return np.asarray(field.rotate(float(rng.uniform(-12, 12)), Image.Resampling.BICUBIC))


def bent(ink: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Bend ink `[H, W]` by a smooth random displacement of a few pixels (Simard et al. 2003)."""
    coordinates = np.mgrid[: ink.shape[0], : ink.shape[1]].astype(np.float64)
    reach, strength = rng.uniform(12, 25), rng.uniform(2, 6)
    for axis in range(2):
        bend = gaussian_filter(rng.normal(size=ink.shape), reach)
        coordinates[axis] += strength * bend / bend.std()
    moved = map_coordinates(ink.astype(np.float64), coordinates, order=1)
    levels: NDArray[np.uint8] = np.rint(np.clip(moved, 0, 255)).astype(np.uint8)
    return levels


def _on_page(ink: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Crop to the ink, lay it on a page with margins, and photograph that; a third is light on dark."""
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    glyph = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = float(rng.uniform(0.4, 1.6))
    size = max(4, round(glyph.shape[1] * scale)), max(8, round(glyph.shape[0] * scale))
    small = Image.fromarray(glyph).resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC)
    if rng.random() < 0.3:
        small = small.filter(ImageFilter.GaussianBlur(1))
    side = max(size)
    left, top, right, bottom = (rng.uniform(0.25, 1.0, 4) * side).astype(int).tolist()
    page = np.pad(np.asarray(small), ((top, bottom), (left, right)))
    if rng.random() < 1 / 3:
        return page if rng.random() < 0.5 else 255 - photographed(255 - page, rng)
    return photographed(255 - page, rng)
