"""The worst errors over pictures: one sheet, each picture beside its heat map, under what was answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from app.drawing.colours import tint
from app.drawing.explained import GROUND, LEAST_SCALE
from app.drawing.smoothing import enlarge
from training.report.canvas import INK, MUTED, ORANGE, canvas
from training.report.wrong import Headline, Wrong

# In inches. At 110 dots per inch a picture is 220 pixels wide: about as many as the larger models see.
PICTURE = 2.0
CAPTION = 0.62
GAP = 0.3
MARGIN = 0.35
HEADER = 0.85
BAR = 0.75
BAR_WIDTH = 4.2

PER_ROW_WITH_MAPS, PER_ROW = 4, 6
# Characters of a name that fit under its picture, or under two.
NAME_LENGTH, NAME_LENGTH_WITH_MAPS = 32, 66


@dataclass(frozen=True)
class _Page:
    """A figure of which places are given in inches from its top left corner."""

    figure: Figure
    width: float
    height: float

    def text(self, x: float, y: float, words: str, **how: Any) -> None:
        """Write words as they are, without mathematics, their baseline at `y`."""
        self.figure.text(x / self.width, 1 - y / self.height, words, parse_math=False, **how)

    def picture(self, x: float, y: float, width: float, height: float, pixels: NDArray[np.uint8]) -> Axes:
        """Show pixels `[H, W, 3]` in a frame of that size, keeping their aspect."""
        box = (x / self.width, 1 - (y + height) / self.height, width / self.width, height / self.height)
        axes = self.figure.add_axes(box)
        axes.imshow(pixels)
        axes.set(xticks=[], yticks=[])
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        return axes


def draw_sheet(
    headline: Headline,
    errors: Sequence[Wrong],
    pictures: NDArray[np.uint8],
    evidence: NDArray[np.float32] | None,
    path: Path,
) -> None:
    """Draw the sheet.

    Args:
        headline: what it shows.
        errors: the n errors in their order.
        pictures: uint8 `[n, H, W, C]`, grey or RGB, as the model saw them.
        evidence: float32 `[n, h, w]`, what each place says for the answer, in logits, if the model can tell.
        path: the PNG to write.
    """
    per_row = PER_ROW if evidence is None else PER_ROW_WITH_MAPS
    cell = PICTURE if evidence is None else 2 * PICTURE + 0.08
    rows = -(-len(errors) // per_row)
    width = 2 * MARGIN + per_row * cell + (per_row - 1) * GAP
    height = HEADER + rows * (PICTURE + CAPTION + GAP) + (0.0 if evidence is None else BAR)
    with canvas(path, width, height, photographs=True) as figure:
        figure.set_layout_engine("none")
        page = _Page(figure, width, height)
        page.text(MARGIN, 0.42, headline.title, fontsize=15, fontweight="bold", color=INK)
        page.text(MARGIN, 0.68, headline.explanation, fontsize=10.5, color=INK)
        maps = None if evidence is None else [enlarge(one, *pictures.shape[1:3]) for one in evidence]
        scale = max([LEAST_SCALE, *(float(np.abs(one).max()) for one in maps or ())])
        for index, error in enumerate(errors):
            row, column = divmod(index, per_row)
            x, y = MARGIN + column * (cell + GAP), HEADER + row * (PICTURE + CAPTION + GAP)
            shown = np.broadcast_to(pictures[index], (*pictures.shape[1:3], 3))
            page.picture(x, y, PICTURE, PICTURE, shown)
            if maps is not None:
                page.picture(x + cell - PICTURE, y, PICTURE, PICTURE, tint(shown, maps[index] / np.float32(scale)))
            longest = NAME_LENGTH if maps is None else NAME_LENGTH_WITH_MAPS
            _write_caption(page, x, y + PICTURE, error, longest)
        if maps is not None:
            _draw_bar(page, HEADER + rows * (PICTURE + CAPTION + GAP), scale)


def _write_caption(page: _Page, x: float, top: float, error: Wrong, longest: int) -> None:
    answered = f"answered {error.answer}, {error.probability:.1%}"
    page.text(x, top + 0.19, answered, fontsize=9.5, fontweight="bold", color=ORANGE)
    page.text(x, top + 0.37, f"true: {error.truth}", fontsize=9.5, color=INK)
    page.text(x, top + 0.54, _shortened(error.name, longest), fontsize=7.5, color=MUTED)


def _shortened(name: str, longest: int) -> str:
    """Return a name that fits, its end kept: that tells files of one folder apart."""
    # The font has no signs of every script.
    plain = name.encode("ascii", "backslashreplace").decode()
    return plain if len(plain) <= longest else f"...{plain[3 - longest :]}"


def _draw_bar(page: _Page, top: float, scale: float) -> None:
    """Draw what the colours mean: one scale for the whole sheet."""
    ground = np.full((12, 400, 3), GROUND, np.uint8)
    colours = tint(ground, np.tile(np.linspace(-1, 1, 400, dtype=np.float32), (12, 1)))
    page.picture(MARGIN, top, BAR_WIDTH, 0.14, colours).set_aspect("auto")
    ends = ((0.0, "left", f"-{scale:.1f} against the answer"), (BAR_WIDTH, "right", f"for the answer +{scale:.1f}"))
    for x, side, words in ends:
        page.text(MARGIN + x, top + 0.32, words, fontsize=8, color=INK, ha=side)
    told = "The mean over a picture is what it adds to the logit of the answer. One scale for all pictures."
    page.text(MARGIN + BAR_WIDTH + GAP, top + 0.12, told, fontsize=9, color=INK)
