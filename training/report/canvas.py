"""The look of every plot: one style, one way to save, the same bytes from the same data."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from matplotlib import style
from matplotlib.figure import Figure
from PIL import Image

INK = "#1f2933"
MUTED = "#7b8794"
FAINT = "#d9dee5"
BLUE = "#1f6fb4"
ORANGE = "#d9622b"

_STYLE = {
    "figure.dpi": 110,
    "savefig.dpi": 110,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.12,
    "figure.constrained_layout.h_pad": 0.1,
    "font.size": 9,
    "text.color": INK,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 9,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
}


@contextmanager
def canvas(path: Path, width: float, height: float, *, photographs: bool = False) -> Iterator[Figure]:
    """Open a figure of `width` x `height` inches to draw on, saved as a PNG to `path` when the block ends.

    It depends neither on the user's matplotlib settings nor on pyplot's state. The file holds no date or
    version, and a palette, which makes it half as large, except for `photographs`, which have too many colours.
    """
    drawn = BytesIO()
    with style.context(["default", _STYLE]):
        figure = Figure(figsize=(width, height))
        yield figure
        figure.savefig(drawn, format="png")
    picture = Image.open(drawn).convert("RGB")
    if not photographs:
        picture = picture.quantize(256, dither=Image.Dither.NONE)
    picture.save(path, format="png", optimize=True)
