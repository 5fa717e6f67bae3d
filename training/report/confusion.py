"""What is taken for what."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from training.report.canvas import BLUE, FAINT, INK, MUTED, ORANGE, canvas

# Up to here every cell has room for its count.
_MOST_ANNOTATED = 12
_BLUES = ("#e3eef8", BLUE, "#0b3358")
_ORANGES = ("#fdeee2", ORANGE, "#6e2a0c")


def plot_confusion(matrix: NDArray[np.int64], label_names: tuple[str, ...], path: Path) -> None:
    """Draw the confusion matrix, shaded by the share of the true class: right in blue, wrong in orange.

    Up to 12 classes carry their counts, in the given order. More are sorted, the most frequent first.

    Args:
        matrix: int64 `[K, K]`, true classes in rows, predicted in columns.
        label_names: K names.
        path: the PNG to write.
    """
    annotated = len(label_names) <= _MOST_ANNOTATED
    order = np.arange(len(label_names)) if annotated else np.argsort(-matrix.sum(axis=1), kind="stable")
    matrix, names = matrix[np.ix_(order, order)], [label_names[i] for i in order]
    totals = matrix.sum(axis=1)
    cell = max(0.52, 1.3 - 0.1 * len(names)) if annotated else 0.135
    side = 1.1 + cell * len(names)
    with canvas(path, side + (0.4 if annotated else 1.7), side) as figure:
        axes = figure.subplots()
        _shade(axes, matrix, with_bars=not annotated)
        if annotated:
            _write_counts(axes, matrix)
        fits = max(map(len, names)) * 0.09 < cell
        size = 9 if annotated else 6.5
        axes.set_xticks(range(len(names)), names, rotation=0 if fits else 90, fontsize=size)
        rows = [f"{name} ({total:,})" for name, total in zip(names, totals, strict=True)]
        axes.set_yticks(range(len(names)), rows, fontsize=size)
        axes.tick_params(length=0)
        axes.set(
            title=f"Confusion matrix\n{np.trace(matrix):,} of {matrix.sum():,} right",
            xlabel="predicted class",
            ylabel="true class (examples)" if annotated else "true class (examples), most frequent first",
        )


def _shares(matrix: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return each count as a share of its row, NaN where it is 0."""
    shares: NDArray[np.float64] = np.full(matrix.shape, np.nan)
    np.divide(matrix, matrix.sum(axis=1, keepdims=True), out=shares, where=matrix > 0)
    return shares


def _shade(axes: Axes, matrix: NDArray[np.int64], *, with_bars: bool) -> None:
    diagonal = np.eye(len(matrix), dtype=bool)
    for meaning, keep, shades in (("wrong", ~diagonal, _ORANGES), ("right", diagonal, _BLUES)):
        # The square root keeps a confusion of one per cent visible beside a diagonal near 100 %.
        shares = np.where(keep, _shares(matrix), np.nan)
        colours = LinearSegmentedColormap.from_list(meaning, shades)
        image = axes.imshow(shares, cmap=colours, norm=PowerNorm(0.5, 0, 1))
        if with_bars:
            bar = axes.figure.colorbar(image, ax=axes, shrink=0.6, pad=0.02, ticks=[0, 0.01, 0.05, 0.2, 0.5, 1])
            bar.ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            bar.ax.tick_params(labelsize=7)
            bar.set_label(f"{meaning}, share of the true class", fontsize=8)
            bar.outline.set_visible(False)
    axes.grid(visible=False)
    borders = np.arange(len(matrix) + 1) - 0.5
    axes.hlines(borders, -0.5, len(matrix) - 0.5, color=FAINT, linewidth=0.5)
    axes.vlines(borders, -0.5, len(matrix) - 0.5, color=FAINT, linewidth=0.5)
    axes.spines[:].set_visible(False)


def _write_counts(axes: Axes, matrix: NDArray[np.int64]) -> None:
    for (row, column), share in np.ndenumerate(_shares(matrix)):
        count = matrix[row, column]
        text = f"{count:,}\n{share:.1%}" if count else "0"
        colour = "white" if share > 0.2 else INK if count else MUTED
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
