"""The fonts that Matplotlib ships: something to write with wherever the training extra is installed."""

from functools import cache
from pathlib import Path

import matplotlib
from PIL import ImageFont

TEXT_FONTS = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Italic", "DejaVuSansMono",
    "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmss10", "cmtt10",
)  # fmt: skip

LETTER_FONTS = tuple(
    f"DejaVu{family}" for family in ("Sans", "Sans-Bold", "Sans-Oblique", "Serif", "Serif-Bold", "SansMono")
)
"""For letters on their own: none of them is among the fonts that the digit model's score is taught with."""


@cache
def load_font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """Return one of `TEXT_FONTS` at a size in pixels."""
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"), size)
