"""The ROC curve: what each threshold would find, and at what price."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from app.serving.manifest import Estimate, OperatingPoint
from training.metrics import roc_auc
from training.report.canvas import BLUE, MUTED, ORANGE, canvas


def plot_roc(
    labels: NDArray[np.int64],
    scores: NDArray[np.floating],
    operating_point: OperatingPoint | None,
    path: Path,
    *,
    auc: Estimate | None = None,
) -> None:
    """Draw the ROC curve, whole and its upper left corner, with the operating point and its 95 % intervals.

    Args:
        labels: int64 `[N]`, 1 for positive, 0 for negative.
        scores: `[N]`, probability of the positive class.
        operating_point: the threshold in use, if there is one.
        path: the PNG to write.
        auc: the area to quote, if it is already known with its interval (one that minds groups, say).

    Raises:
        ValueError: there are no positives, or no negatives.
    """
    auc = auc or roc_auc(scores, labels == 1)
    false_alarms, hits = roc_curve(labels == 1, scores)
    with canvas(path, 7.6, 3.9) as figure:
        whole, corner = figure.subplots(1, 2)
        for axes in (whole, corner):
            axes.plot(false_alarms, hits, color=BLUE, label=f"AUC {_written(auc)}")
            axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 4)), label="chance")
            if operating_point is not None:
                _draw_operating_point(axes, operating_point)
            axes.set(xlabel="false alarms (1 - specificity)", aspect="equal")
        whole.set(
            title=f"ROC curve: area {auc.value:.3f}",
            ylabel="found (sensitivity)",
            xlim=(-0.01, 1.01),
            ylim=(-0.01, 1.01),
        )
        span = _corner_span(false_alarms, hits, operating_point)
        corner.set(title="Its upper left corner", xlim=(-0.01 * span, span), ylim=(1 - span, 1 + 0.01 * span))
        whole.legend(loc="lower right", fontsize=8)


def roc_curve(
    positive: NDArray[np.bool_], scores: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return false-positive and true-positive rates from (0, 0) to (1, 1), one point a distinct score."""
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.flatnonzero(np.r_[np.diff(scores[order]) != 0, True])
    hits = np.cumsum(positive[order])[last_of_tie]
    false_alarms = last_of_tie + 1 - hits
    return np.r_[0, false_alarms / false_alarms[-1]], np.r_[0, hits / hits[-1]]


def _corner_span(false_alarms: NDArray[np.float64], hits: NDArray[np.float64], point: OperatingPoint | None) -> float:
    """Return the side of the corner square that shows where the curve bends, and the operating point."""
    bend = np.min(np.maximum(false_alarms, 1 - hits))
    reach = [2.5 * bend]
    if point is not None:
        reach += [1.15 * (1 - point.specificity.low), 1.15 * (1 - point.sensitivity.low)]
    return float(np.clip(max(reach), 0.02, 1))


def _draw_operating_point(axes: Axes, point: OperatingPoint) -> None:
    x, y = 1 - point.specificity.value, point.sensitivity.value
    axes.errorbar(
        x,
        y,
        xerr=[
            [point.specificity.high - point.specificity.value],
            [point.specificity.value - point.specificity.low],
        ],
        yerr=[[y - point.sensitivity.low], [point.sensitivity.high - y]],
        fmt="o",
        color=ORANGE,
        markersize=5,
        elinewidth=1.2,
        capsize=2.5,
        zorder=3,
        label=(
            f"{point.positive} at {point.threshold:.3f} and above\n"
            f"sensitivity {_written(point.sensitivity)}\nspecificity {_written(point.specificity)}"
        ),
    )


def _written(figure: Estimate) -> str:
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"
