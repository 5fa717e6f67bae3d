"""How far each shift of the pictures lowers the share of right answers."""

from pathlib import Path

from app.serving.manifest import SplitMetrics
from training.report.canvas import BLUE, MUTED, ORANGE, canvas
from training.robustness import ShiftResult


def plot_shifts(unshifted: SplitMetrics, results: tuple[ShiftResult, ...], path: Path) -> None:
    """Draw accuracy, and the AUC of two labels, for validation as it is and under each shift, to a PNG.

    Whiskers are the 95 % bootstrap intervals of the accuracy.
    """
    names = ["as they are", *(result.shift for result in results)]
    metrics = [unshifted, *(result.metrics for result in results)]
    rows = list(range(len(names)))
    accuracy = [one.values["accuracy"] for one in metrics]
    with canvas(path, 6.4, 1.3 + 0.2 * len(names)) as figure:
        axes = figure.subplots()
        axes.axvline(accuracy[0].value, color=MUTED, linewidth=1, linestyle=(0, (4, 4)))
        axes.errorbar(
            [one.value for one in accuracy],
            rows,
            xerr=[[one.value - one.low for one in accuracy], [one.high - one.value for one in accuracy]],
            fmt="o",
            color=BLUE,
            markersize=4,
            elinewidth=1,
            label="accuracy, 95 % interval",
        )
        if "auc" in unshifted.values:
            areas = [one.values["auc"].value for one in metrics]
            axes.plot(areas, rows, "d", color=ORANGE, markersize=4, label="ROC AUC")
        axes.set_yticks(rows, names)
        axes.invert_yaxis()
        axes.set(title="Validation pictures as they are and shifted", xlabel="share right, or area", xlim=(None, 1.003))
        axes.legend(fontsize=8, loc="lower left")
