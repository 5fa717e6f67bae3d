"""A model folder measured on labelled examples, through the very graph and rules that answer requests."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from app.inputs.limits import InputLimits
from app.serving.engine import Outputs
from app.serving.manifest import Estimate, Manifest, SplitMetrics
from app.serving.model import MAX_BATCH, LoadedModel, load_model, predict_one
from app.serving.tensorflow_engine import TensorFlowEngine
from training.bootstrap import estimate
from training.datasets.base import Split
from training.metrics import confusion, measure


@dataclass(frozen=True)
class Evaluation:
    """What a model did on a split.

    `confusion` is int64 `[K, K]`, true labels in rows, answers in columns; `in_distribution` is the share of
    inputs that the model takes as of the kind it was trained on.
    """

    manifest: Manifest
    metrics: SplitMetrics
    confusion: NDArray[np.int64]
    in_distribution: Estimate


def evaluate_artifact(
    folder: Path,
    split: Split,
    *,
    split_name: str,
    seed: int = 0,
    resamples: int = 1000,
    quiet: bool = False,
) -> Evaluation:
    """Verify and load a model folder as the service does, and measure its answers.

    The bootstrap draws the split's groups as wholes.

    Args:
        folder: `models/<task>/<version>`.
        split: examples read for the model's input, labelled in its output order.
        split_name: what the examples are: "validation".
        seed: seeds the bootstrap.
        resamples: number of bootstrap replicates.
        quiet: draw no progress bar on standard error.

    Raises:
        ArtifactError: the folder must not be served.
        ValueError: the split is empty.
    """
    model = load_model(folder, TensorFlowEngine, InputLimits())
    manifest = model.artifact.manifest
    outputs = _run(model, split, quiet=quiet)
    answers = [
        predict_one(manifest, probabilities, score)
        for probabilities, score in zip(outputs.probabilities, outputs.ood_score.tolist(), strict=True)
    ]
    decisions = np.array([manifest.labels.index(answer.label) for answer in answers], np.int64)
    accepted = np.array([answer.in_distribution for answer in answers], np.float64)
    groups = np.array(split.groups)
    metrics = measure(
        outputs.probabilities,
        split.labels,
        manifest.labels,
        split=split_name,
        seed=seed,
        resamples=resamples,
        decisions=decisions,
        groups=groups,
    )
    share = estimate(
        lambda weights: {"accepted": accepted @ weights / weights.sum(axis=0)},
        len(split),
        seed=seed,
        resamples=resamples,
        groups=groups,
    )["accepted"]
    return Evaluation(manifest, metrics, confusion(split.labels, decisions, len(manifest.labels)), share)


def _run(model: LoadedModel, split: Split, *, quiet: bool) -> Outputs:
    if not len(split):
        raise ValueError("there is no example to measure on")
    starts = track(
        range(0, len(split), MAX_BATCH),
        "Evaluating",
        console=Console(stderr=True),
        disable=quiet,
        transient=True,
    )
    parts = [model.run(split.inputs[start : start + MAX_BATCH]) for start in starts]
    return Outputs(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.ood_score for part in parts]),
    )
