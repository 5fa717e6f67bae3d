"""From a task's name and a path to arrays: what training and evaluation ask for."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from app.inputs.spec import InputSpec
from training.datasets.base import Dataset, DatasetError, Example, Skipped, Source, Split
from training.datasets.catalogue import find_source
from training.datasets.contents import dataset_digest
from training.datasets.reading import read_examples
from training.datasets.splitting import split_groups


def load_dataset(
    task: str,
    path: Path | None,
    spec: InputSpec,
    *,
    seed: int,
    validation_fraction: float = 0.15,
    limit: int | None = None,
    quiet: bool = False,
) -> Dataset:
    """Find a task's data, split it and read both splits for a model with this input.

    `limit` takes about so many of the examples, at random and with all labels, for a trial run; the digest is
    then of these. `quiet` draws no progress bar. The two splits are views of one array.

    Raises:
        DatasetError: there is no usable data, or too little to split.
        ConfigurationError: there is no such task.
    """
    source = find_source(task, path)
    if limit is not None:
        source = _limited(source, limit, seed)
    train, validation = split_groups(source, validation_fraction, seed)
    whole, skipped = read_examples((*train, *validation), source.labels, spec, progress=not quiet)
    cut = len(train) - sum(skip.row < len(train) for skip in skipped)
    if cut in {0, len(whole)}:
        raise DatasetError(
            f"{len(whole):,} readable examples cannot be split: one group ({source.grouped_by}) has them all"
        )
    return Dataset(
        name=source.name,
        labels=source.labels,
        grouped_by=source.grouped_by,
        digest=dataset_digest(source.examples),
        train=whole.take(slice(None, cut)),
        validation=whole.take(slice(cut, None)),
        validation_fraction=validation_fraction,
        skipped=skipped,
    )


def load_split(
    task: str,
    path: Path | None,
    spec: InputSpec,
    labels: tuple[str, ...],
    which: Literal["all", "train", "validation"],
    *,
    seed: int,
    validation_fraction: float,
    quiet: bool = False,
) -> tuple[Split, tuple[Skipped, ...]]:
    """Find a task's data and read all of it, or one side of its split.

    The split is the one that `load_dataset` makes with this seed and fraction. `labels` are the model's, in
    its output order.

    Raises:
        DatasetError: there is no usable data, or it has a label the model does not know.
        ConfigurationError: there is no such task.
    """
    source = find_source(task, path)
    examples = source.examples
    if which != "all":
        train, validation = split_groups(source, validation_fraction, seed)
        examples = train if which == "train" else validation
    return read_examples(examples, labels, spec, progress=not quiet)


def _limited(source: Source, limit: int, seed: int) -> Source:
    """Keep about `limit` examples, in their order: of each label its share, and at least two."""
    if limit < 1:
        raise ValueError(f"limit is {limit}, and must be positive")
    rows_by_label: defaultdict[str, list[int]] = defaultdict(list)
    for row, example in enumerate(source.examples):
        rows_by_label[example.label].append(row)
    rng = np.random.default_rng(seed)
    kept: list[int] = []
    for rows in rows_by_label.values():
        share = round(limit * len(rows) / len(source.examples))
        kept.extend(rng.permutation(rows)[: max(2, share)].tolist())
    examples: tuple[Example, ...] = tuple(source.examples[row] for row in sorted(kept))
    return replace(source, examples=examples)
