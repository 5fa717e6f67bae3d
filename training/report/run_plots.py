"""All the plots of one run, into one folder."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.serving.manifest import OperatingPoint, SplitMetrics
from training.checkpoint import History
from training.metrics import confusion
from training.report.plots import plot_confusion, plot_history, plot_reliability, plot_roc


def write_plots(
    folder: Path,
    probabilities: NDArray[np.float32],
    labels: NDArray[np.int64],
    decisions: NDArray[np.int64],
    label_names: tuple[str, ...],
    *,
    histories: dict[str, History],
    operating_point: OperatingPoint | None,
    metrics: SplitMetrics,
) -> None:
    """Write each fitting stage's curves, the confusion matrix, the reliability diagram and, of two labels, the ROC.

    `probabilities` float32 `[N, K]`, `labels` and `decisions` int64 `[N]`.
    """
    folder.mkdir()
    for stage, history in histories.items():
        plot_history(history, folder / f"history-{stage}.png")
    plot_confusion(confusion(labels, decisions, len(label_names)), label_names, folder / "confusion.png")
    plot_reliability(probabilities, labels, folder / "reliability.png")
    if len(label_names) == 2:
        positive = label_names.index(operating_point.positive) if operating_point else 1
        plot_roc(
            np.where(labels == positive, 1, 0),
            probabilities[:, positive],
            operating_point,
            folder / "roc.png",
            auc=metrics.values["auc"],
        )
