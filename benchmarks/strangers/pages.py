"""Pages of text: printed words in several fonts, sizes and columns, as a scanner or a camera gives them."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.strangers.fonts import TEXT_FONTS, load_font
from benchmarks.strangers.paper import photographed

_COMMON = """
the of and to in that was for on with as by at from his they were which have this had not are but one we all there
their been has when who will more no if out so said what up its about into than them can only other new some could
time these two may then do first any my now such like our over man me even most made after also did many before
must through years where much way well down should because each just those people how too little state good very
make world still see own men work long here get both between life being under never day same
"""
WORDS = tuple(_COMMON.split())
LONGEST_SIDE = (500, 1000)


def text_pages(count: int, seed: int) -> list[Image.Image]:
    """Print and photograph so many pages."""
    rng = np.random.default_rng(seed)
    return [Image.fromarray(photographed(_page(rng), rng)) for _ in range(count)]


def _page(rng: np.random.Generator) -> NDArray[np.uint8]:
    longest = int(rng.integers(*LONGEST_SIDE))
    size = (round(longest * float(rng.uniform(0.65, 0.8))), longest)
    width, height = size if rng.random() < 0.7 else size[::-1]
    page = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(page)
    text_size = int(rng.integers(11, 44))
    font = load_font(str(rng.choice(TEXT_FONTS)), text_size)
    margin, gap = round(width * float(rng.uniform(0.04, 0.12))), text_size
    columns = int(rng.integers(1, 4)) if text_size < 18 else 1
    column_width = (width - 2 * margin - gap * (columns - 1)) / columns
    spacing = text_size * float(rng.uniform(1.15, 1.8))
    for column in range(columns):
        left, top = margin + column * (column_width + gap), float(margin)
        while top + spacing < height - margin:
            # The last line of a paragraph is short, and a blank line follows it.
            ends = rng.random() < 0.15
            line = _line(rng, font, column_width * (float(rng.uniform(0.2, 0.9)) if ends else 1.0))
            draw.text((left, top), line, 20, font)
            top += spacing * (1.7 if ends else 1.0)
    return np.asarray(page)


def _line(rng: np.random.Generator, font: ImageFont.FreeTypeFont, width: float) -> str:
    line = ""
    while True:
        longer = f"{line} {rng.choice(WORDS)}".strip()
        if font.getlength(longer) > width:
            return line
        line = longer
