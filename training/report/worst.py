"""The worst errors of a run: the validation examples that it answered wrong with the most confidence.

They are training pictures and texts, so they belong into the run folder and never into a model folder.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.datasets.base import Dataset
from training.network import Network, WordNetwork
from training.recipes.base import Recipe
from training.report.worst_sheet import draw_sheet
from training.report.worst_texts import write_texts
from training.report.wrong import Headline, Wrong

MOST = 24
SHEET_FILE, TEXTS_FILE = "worst-errors.png", "worst-errors.md"


@dataclass(frozen=True)
class Answers:
    """What a model answered on validation: `probabilities` float32 `[N, K]`, `decisions` int64 `[N]`."""

    probabilities: NDArray[np.float32]
    decisions: NDArray[np.int64]
    temperature: float


def write_worst(folder: Path, recipe: Recipe, data: Dataset, network: Network, answers: Answers) -> Path:
    """Write at most 24 of the worst errors into a folder and return the file: a sheet of pictures, or a text.

    Pictures have their class activation maps beside them, texts the words that carried the answer, where the
    network can tell.
    """
    validation = data.validation
    rows = worst_rows(answers, validation.labels, MOST)
    errors = tuple(_wrong(data, answers, int(row)) for row in rows)
    wrong = int((answers.decisions != validation.labels).sum())
    headline = Headline(f"{recipe.task}/{recipe.name}", len(errors), wrong, len(validation))
    inputs = validation.inputs[rows]
    if inputs.dtype == object:
        path = folder / TEXTS_FILE
        write_texts(headline, errors, inputs.tolist(), _words(network, inputs), path)
    else:
        path = folder / SHEET_FILE
        evidence = evidence_for(network, inputs, answers.decisions[rows], answers.temperature)
        draw_sheet(headline, errors, inputs, evidence, path)
    return path


def worst_rows(answers: Answers, labels: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Return the rows answered wrong, at most so many, the most probable answers first."""
    wrong = np.flatnonzero(answers.decisions != labels)
    return wrong[np.argsort(-_given(answers)[wrong], kind="stable")[:most]]


def _given(answers: Answers) -> NDArray[np.float32]:
    """Return the probability of each answer given: with an operating point it may be below one half."""
    return answers.probabilities[np.arange(len(answers.decisions)), answers.decisions]


def _wrong(data: Dataset, answers: Answers, row: int) -> Wrong:
    return Wrong(
        name=data.validation.names[row],
        truth=data.labels[data.validation.labels[row]],
        answer=data.labels[answers.decisions[row]],
        probability=float(_given(answers)[row]),
    )


def evidence_for(
    network: Network, pictures: NDArray[np.uint8], answers: NDArray[np.int64], temperature: float
) -> NDArray[np.float32] | None:
    """Return what each place says for the answer given, in logits, as the exported graph explains its answer.

    Args:
        network: the network.
        pictures: uint8 `[n, H, W, C]`.
        answers: int64 `[n]`, the classes answered.
        temperature: what its logits are divided by.

    Returns:
        Heat maps float32 `[n, h, w]`, or None if the network has none or there is no picture.
    """
    maps = network(tf.constant(pictures)).heatmaps if len(pictures) else None
    if maps is None:
        return None
    against_mean = np.asarray(maps - tf.reduce_mean(maps, -1, keepdims=True))
    chosen: NDArray[np.float32] = against_mean[np.arange(len(answers)), :, :, answers]
    return chosen / np.float32(temperature)


def _words(network: Network, inputs: NDArray[Any]) -> tuple[tuple[str, ...], ...] | None:
    """Return the words that spoke for each answer, the strongest first; None if the network cannot tell."""
    if not isinstance(network, WordNetwork) or not len(inputs):
        return None
    found, evidence = (np.asarray(part) for part in network.word_evidence(tf.constant(inputs.tolist())))
    orders = np.argsort(-evidence, axis=1, kind="stable")
    return tuple(
        tuple(found[row, column].decode() for column in order if evidence[row, column] > 0)
        for row, order in enumerate(orders)
    )
