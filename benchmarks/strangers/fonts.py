"""The fonts that Matplotlib ships: something to write with wherever the training extra is installed."""

from functools import cache
from pathlib import Path

import matplotlib
from PIL import ImageFont

TEXT_FONTS = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Italic", "DejaVuSansMono",
    "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmss10", "cmtt10",
)  # fmt: skip


@cache
def load_font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """Return a font that Matplotlib ships, by its name, at a size in pixels."""
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"), size)
