"""How training went."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from training.report.canvas import BLUE, FAINT, MUTED, canvas


def plot_history(history: dict[str, list[float]], path: Path) -> None:
    """Draw each figure by epoch, training and validation, and mark the epoch of lowest validation loss.

    Args:
        history: values by epoch, named as Keras does: `loss`, `val_loss`, `accuracy`, `val_accuracy`. Those
            without a validation counterpart, such as the learning rate, are left out.
        path: the PNG to write.

    Raises:
        ValueError: no figure has a validation counterpart.
    """
    names = sorted((name for name in history if f"val_{name}" in history), key=lambda name: name != "loss")
    if not names:
        raise ValueError(f"no figure of {sorted(history)} was validated")
    best = int(np.argmin(history["val_loss"])) + 1 if "loss" in names else None
    with canvas(path, 3.7 * len(names), 3.3) as figure:
        for axes, name in zip(np.atleast_1d(figure.subplots(1, len(names))), names, strict=True):
            _draw_history(axes, name, history[name], history[f"val_{name}"], best)


def _draw_history(axes: Axes, name: str, train: list[float], validation: list[float], best: int | None) -> None:
    epochs = np.arange(1, len(train) + 1)
    marker = "o" if len(epochs) < 30 else None
    if best is not None:
        axes.axvline(best, color=FAINT, linewidth=5, zorder=0, label=f"lowest validation loss (epoch {best})")
    axes.plot(epochs, train, color=MUTED, marker=marker, markersize=3, label="training")
    axes.plot(epochs, validation, color=BLUE, marker=marker, markersize=3, label="validation")
    axes.set(title=f"{name.replace('_', ' ').capitalize()} by epoch", xlabel="epoch", ylabel=name.replace("_", " "))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.legend(fontsize=8)
