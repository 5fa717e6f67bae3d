"""How the scores of each set lie against the threshold of its model."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from benchmarks.ood.results import ModelResult
from training.report.canvas import BLUE, INK, ORANGE, canvas

LIGHT_BLUE = "#7fb2dc"
COLOURS = {"own": BLUE, "changed": LIGHT_BLUE, "stranger": ORANGE}
NAMES = {"own": "its own kind", "changed": "the same, mildly changed", "stranger": "strangers"}
DASHES = (0, (4, 3))
ACROSS = 2
"""Panels side by side."""
ROW = 0.19
"""Inches."""


def plot_scores(results: Sequence[ModelResult], path: Path) -> None:
    """Draw, for each model, every set's 2nd, 25th, 50th, 75th and 98th percentile and the threshold, to a PNG."""
    pairs = [results[start : start + ACROSS] for start in range(0, len(results), ACROSS)]
    heights = [ROW * max(len(result.sets) for result in pair) + 0.8 for pair in pairs]
    with canvas(path, 5.9 * len(pairs[0]), sum(heights) + 0.4) as figure:
        panels = figure.subplots(len(pairs), len(pairs[0]), squeeze=False, height_ratios=heights)
        for axes in panels.flat[len(results) :]:
            axes.remove()
        for axes, result in zip(panels.flat, results, strict=False):
            _draw(axes, result)
        handles = [Line2D([], [], color=COLOURS[kind], linewidth=4, label=NAMES[kind]) for kind in COLOURS]
        handles.append(Line2D([], [], color=INK, linewidth=1, linestyle=DASHES, label="threshold"))
        figure.legend(handles=handles, loc="outside upper left", ncols=len(handles))


def _draw(axes: Axes, result: ModelResult) -> None:
    scores = [one.answers.scores for one in result.sets]
    for row, (one, values) in enumerate(zip(result.sets, scores, strict=True)):
        if not len(values):
            continue
        least, low, middle, high, most = np.quantile(values, (0.02, 0.25, 0.5, 0.75, 0.98))
        colour = COLOURS[one.kind]
        axes.plot((least, most), (row, row), color=colour, linewidth=1.2)
        axes.plot((low, high), (row, row), color=colour, linewidth=4, solid_capstyle="butt")
        axes.plot(middle, row, "o", color=colour, markersize=4.5, markeredgecolor="white", markeredgewidth=0.7)
    axes.axvline(result.manifest.ood.threshold, color=INK, linewidth=1, linestyle=DASHES)
    axes.set_yticks(range(len(result.sets)), [_name(one.title, len(one.answers.scores)) for one in result.sets])
    axes.tick_params(axis="y", labelsize=7.5, length=0)
    axes.set_ylim(len(result.sets) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set(title=result.title, xlabel="ood_score (thick: middle half of the set; thin: 2 to 98 %)")
    if _spreads(scores, result.manifest.ood.threshold):
        axes.set_xscale("log")


def _name(title: str, answered: int) -> str:
    return title if answered else f"{title} (all refused)"


def _spreads(scores: Sequence[NDArray[np.float64]], threshold: float) -> bool:
    """Tell whether the scores, all above 0, go so far beyond the threshold that a linear axis would hide it."""
    values = np.concatenate(scores)
    return bool(len(values) and values.min() > 0 and np.quantile(values, 0.99) > 20 * threshold)
