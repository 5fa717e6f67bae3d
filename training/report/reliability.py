"""How honest the confidence is."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from training.report.canvas import BLUE, MUTED, ORANGE, canvas
from training.weighted import ECE_BINS, CalibrationError, confidence_bins


def plot_reliability(probabilities: NDArray[np.float32], labels: NDArray[np.int64], path: Path) -> None:
    """Draw how often the answer is right against how sure it is, in 15 bins, with their counts and the ECE.

    Whiskers are 95 % Wilson intervals (Wilson 1927).

    Args:
        probabilities: float32 `[N, K]`.
        labels: int64 `[N]`.
        path: the PNG to write.
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    bins = confidence_bins(confidence)
    filled, row_of, n = np.unique(bins, return_inverse=True, return_counts=True)
    sure = np.bincount(row_of, weights=confidence) / n
    right = np.bincount(row_of, weights=correct) / n
    ece = CalibrationError(probabilities, labels)(np.ones((len(labels), 1), np.float32))[0]
    with canvas(path, 4.6, 5.2) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        upper.set(title=f"Reliability: expected calibration error {ece:.3f}", xlim=(0, 1.01), ylim=(0, 1.01))
        _draw_shares(upper, sure, right, n)
        _draw_counts(lower, (filled + 0.5) / ECE_BINS, n)


def _draw_shares(axes: Axes, sure: NDArray[np.float64], right: NDArray[np.float64], n: NDArray[np.int64]) -> None:
    low, high = _wilson(right, n)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 4)), label="perfectly calibrated")
    axes.vlines(sure, sure, right, color=ORANGE, linewidth=4, alpha=0.35, label="gap to confidence")
    axes.errorbar(
        sure,
        right,
        [right - low, high - right],
        fmt="o",
        color=BLUE,
        markersize=4,
        elinewidth=1,
        label="share right in a bin, 95 % interval",
    )
    axes.set_ylabel("share right")
    axes.legend(fontsize=8)


def _draw_counts(axes: Axes, centres: NDArray[np.float64], n: NDArray[np.int64]) -> None:
    axes.bar(centres, n, width=0.9 / ECE_BINS, color=BLUE, alpha=0.75)
    for centre, count in zip(centres, n, strict=True):
        axes.text(centre, count, f"{count}", ha="center", va="bottom", fontsize=6.5)
    axes.set(xlabel="confidence (probability of the answer)", ylabel="examples", yscale="log")
    axes.set_ylim(0.5, n.max() * 5)


def _wilson(share: NDArray[np.float64], n: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of the 95 % Wilson score interval of a share of `n`."""
    z = 1.959964
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # At a share of 0 or 1 rounding can put an end just inside it, and a whisker cannot have negative length.
    return np.minimum(centre - half, share), np.maximum(centre + half, share)
