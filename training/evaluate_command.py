"""`quartet evaluate`: a released model measured on labelled data."""

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.text import Text

from app.commands.parsing import Subparsers, add_model_options, add_parser, add_task, positive_int
from app.commands.using import settings_with
from app.exit_status import ExitStatus
from app.serving.artifact import open_artifact
from app.serving.errors import ArtifactError, ModelUnavailableError
from app.serving.manifest import Manifest
from app.serving.versions import versions_in
from training.datasets.base import DatasetError, Source, Split
from training.datasets.catalogue import find_source
from training.datasets.contents import dataset_digest
from training.datasets.loading import load_split
from training.evaluate import Evaluation, evaluate_artifact
from training.report.tables import evaluation_as_json, print_evaluation

DESCRIPTION = """\
Measure a released model on labelled data, through the graph and the rules that answer requests: accuracy,
precision and recall of each label, AUC, calibration error, each with its bootstrap 95 % interval, and the
confusion matrix.
"""
EXAMPLES = (
    "quartet evaluate digit",
    "quartet evaluate pneumonia --data DATA/chest_xray --split validation",
    "quartet evaluate catdog --data DATA/cats_dogs --version 2 --json > figures.json",
)
STATUSES = {ExitStatus.OK: "measured; examples that could not be read are named on standard error"}


def add_evaluate(subparsers: Subparsers) -> None:
    """Add the command to `quartet`."""
    parser = add_parser(
        subparsers,
        "evaluate",
        summary="measure a model on labelled data",
        description=DESCRIPTION,
        examples=EXAMPLES,
        statuses=STATUSES,
    )
    add_task(parser)
    parser.add_argument("--data", type=Path, help="the data set's file or folder (default: download, where possible)")
    add_model_options(parser)
    parser.add_argument(
        "--split",
        choices=("all", "train", "validation"),
        default="all",
        help="all of the data (default), or one side of the split that the model was trained with",
    )
    parser.add_argument("--limit", type=positive_int, help="measure on so many examples only, drawn at random")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    parser.set_defaults(func=run_evaluate)


def run_evaluate(options: argparse.Namespace) -> int:
    """Run the command; 0 when measured, 2 when the data or the model is not usable."""
    notes = Console(stderr=True, soft_wrap=True)
    try:
        evaluation = _evaluate(options, notes)
    except (ArtifactError, ModelUnavailableError, DatasetError) as error:
        notes.print(Text(f"quartet evaluate: {error}"))
        return 2
    if options.json:
        print(evaluation_as_json(evaluation))
    else:
        print_evaluation(evaluation, Console())
    return 0


def _evaluate(options: argparse.Namespace, notes: Console) -> Evaluation:
    folder = _model_folder(options)
    manifest = open_artifact(folder).manifest
    source = find_source(options.task, options.data)
    if warning := _overlap(source, manifest, options.split):
        notes.print(Text(warning))
    split, skipped = load_split(
        options.task,
        options.data,
        manifest.input,
        manifest.labels,
        options.split,
        seed=manifest.seed,
        validation_fraction=manifest.dataset.validation_fraction,
        quiet=options.quiet,
    )
    for skip in skipped:
        notes.print(Text(f"skipped {skip.name}: {skip.reason}"))
    name = options.split
    if options.limit is not None and options.limit < len(split):
        split, name = _drawn(split, options.limit), f"{name} ({options.limit:,} drawn at random)"
    return evaluate_artifact(folder, split, split_name=name, quiet=options.quiet)


def _model_folder(options: argparse.Namespace) -> Path:
    folder = settings_with(models_dir=options.models).models_dir / options.task
    versions = versions_in(folder)
    if not versions:
        raise ModelUnavailableError(options.task, f"{folder} has no version")
    version = options.version or versions[0]
    if version not in versions:
        raise ModelUnavailableError(options.task, f"{folder} has no version {version}")
    return folder / str(version)


def _overlap(source: Source, manifest: Manifest, which: str) -> str | None:
    """Return a warning if `which` has examples that the model was trained on.

    Raises:
        DatasetError: one side of the model's split is asked for, of data that it was not trained on.
    """
    trained_on_it = dataset_digest(source.examples) == manifest.dataset.digest
    if which == "all" and trained_on_it:
        return (
            f"note: {manifest.dataset.train:,} of these examples are the ones that the model was trained on; "
            "--split validation measures on the others"
        )
    if which != "all" and not trained_on_it:
        raise DatasetError(
            f"--split {which} needs the data that the model was trained on, which differs from this "
            "(another digest); without it all of the data is measured on"
        )
    return None


def _drawn(split: Split, limit: int) -> Split:
    """Draw `limit` examples at random, the same ones each time, and keep them in order."""
    return split.take(np.sort(np.random.default_rng(0).permutation(len(split))[:limit]))
