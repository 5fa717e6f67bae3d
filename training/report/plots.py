"""The plots beside a model, all in one place to import from."""

from training.report.confusion import plot_confusion
from training.report.history import plot_history
from training.report.reliability import plot_reliability
from training.report.roc import plot_roc
from training.report.shifts import plot_shifts

__all__ = ["plot_confusion", "plot_history", "plot_reliability", "plot_roc", "plot_shifts"]
