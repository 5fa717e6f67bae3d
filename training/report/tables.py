"""An evaluation as tables on a terminal, or as JSON."""

import json

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from app.serving.manifest import Estimate, Manifest
from app.tasks import task_named
from training.evaluate import Evaluation
from training.metrics import FIGURE_TITLES

# Up to here the whole confusion matrix fits a terminal.
_MOST_SHOWN_WHOLE = 12
_LARGEST_CONFUSIONS = 15


def print_evaluation(evaluation: Evaluation, console: Console) -> None:
    """Print the figures and each label's precision and recall, with 95 % intervals, and the confusion matrix.

    Of more than 12 labels only the largest confusions are listed.
    """
    manifest = evaluation.manifest
    console.print(Text(_headline(evaluation), style="bold"))
    console.print(_figure_table(evaluation))
    console.print(_label_table(evaluation))
    if len(manifest.labels) <= _MOST_SHOWN_WHOLE:
        console.print(_confusion_table(evaluation.confusion, manifest.labels))
    else:
        console.print(_largest_confusions_table(evaluation.confusion, manifest.labels))


def evaluation_as_json(evaluation: Evaluation) -> str:
    """Return all of an evaluation as a JSON document."""
    manifest = evaluation.manifest
    document = {
        "task": manifest.task,
        "version": manifest.version,
        "recipe": manifest.recipe,
        "split": evaluation.metrics.split,
        "examples": evaluation.metrics.examples,
        "threshold": manifest.operating_point and manifest.operating_point.threshold,
        "in_distribution": evaluation.in_distribution.model_dump(),
        "figures": {name: figure.model_dump() for name, figure in evaluation.metrics.values.items()},
        "labels": manifest.labels,
        "confusion": evaluation.confusion.tolist(),
    }
    return json.dumps(document, indent=2)


def _headline(evaluation: Evaluation) -> str:
    manifest, metrics = evaluation.manifest, evaluation.metrics
    model = f"{task_named(manifest.task).title}, version {manifest.version} ({manifest.recipe})"
    return f"{model}, on {metrics.split}: {metrics.examples:,} examples. {_decision_rule(manifest)}"


def _decision_rule(manifest: Manifest) -> str:
    point = manifest.operating_point
    if point is None:
        return "The answer is the most probable label."
    return f"The answer is {point.positive} from a probability of {point.threshold:.4f} up."


def _figure_table(evaluation: Evaluation) -> Table:
    table = _table("figure", "value", "95 % interval")
    for name, title in FIGURE_TITLES.items():
        if name in evaluation.metrics.values:
            table.add_row(title, *_cells(evaluation.metrics.values[name], digits=4))
    table.add_row("share of inputs in distribution", *_cells(evaluation.in_distribution, digits=4))
    return table


def _label_table(evaluation: Evaluation) -> Table:
    table = _table("label", "examples", "precision", "95 % interval", "recall", "95 % interval")
    table.caption = "An interval without width comes of too few examples to vary, not of certainty."
    counts = evaluation.confusion.sum(axis=1)
    for label, count in zip(evaluation.manifest.labels, counts, strict=True):
        precision, recall = (evaluation.metrics.values.get(f"{kind}/{label}") for kind in ("precision", "recall"))
        table.add_row(Text(label), f"{count:,}", *_cells(precision), *_cells(recall))
    return table


def _confusion_table(confusion: NDArray[np.int64], labels: tuple[str, ...]) -> Table:
    table = _table("true \\ answer", *labels)
    for label, row in zip(labels, confusion, strict=True):
        table.add_row(Text(label), *(f"{count:,}" for count in row))
    return table


def _largest_confusions_table(confusion: NDArray[np.int64], labels: tuple[str, ...]) -> Table:
    table = _table("largest confusions: true", "answer", "examples", "share of the true label")
    wrong = confusion * ~np.eye(len(labels), dtype=bool)
    for cell in np.argsort(-wrong, axis=None, kind="stable")[:_LARGEST_CONFUSIONS]:
        row, column = divmod(int(cell), len(labels))
        count = wrong[row, column]
        if count:
            share = count / confusion[row].sum()
            table.add_row(Text(labels[row]), Text(labels[column]), f"{count:,}", f"{share:.1%}")
    return table


def _table(first: str, *others: str) -> Table:
    numbers = (Column(Text(title), justify="right") for title in others)
    return Table(Column(Text(first)), *numbers, box=SIMPLE_HEAD)


def _cells(figure: Estimate | None, digits: int = 3) -> tuple[str, str]:
    """Return the value and the interval as text; dashes for a figure that the split cannot give."""
    if figure is None:
        return "-", "-"
    return f"{figure.value:.{digits}f}", f"{figure.low:.{digits}f} to {figure.high:.{digits}f}"
