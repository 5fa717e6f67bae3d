"""Reading examples into arrays through `app.inputs`, exactly as the service reads an upload."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import track

from app.inputs.digit import normalise_digit
from app.inputs.errors import InputError
from app.inputs.image import fit_image
from app.inputs.limits import InputLimits
from app.inputs.reader import read_input
from app.inputs.spec import DigitSpec, ImageSpec, InputSpec, TextSpec
from app.inputs.text import clean_text
from training.datasets.base import DatasetError, Example, Payload, Skipped, Split

# Pillow decodes without holding Python's lock, so threads run in parallel.
_MAX_THREADS = 8


def read_examples(
    examples: Sequence[Example], labels: tuple[str, ...], spec: InputSpec, *, progress: bool = True
) -> tuple[Split, tuple[Skipped, ...]]:
    """Read examples in their order; those that cannot be read are left out and told, with the reason.

    `progress` draws a bar on standard error.

    Raises:
        DatasetError: an example's label is not in `labels`, or none of a label's examples can be read.
    """
    _require_known_labels(examples, labels)
    inputs = _empty_inputs(len(examples), spec)
    outcomes = _tracked(_read_all(examples, spec, inputs), len(examples), progress)
    failures = {index: reason for index, reason in enumerate(outcomes) if reason is not None}
    _require_each_label_read(examples, failures)
    skipped = tuple(Skipped(index, examples[index].name, reason) for index, reason in failures.items())
    kept = [index for index in range(len(examples)) if index not in failures]
    split = Split(
        inputs=_compacted(inputs, kept),
        labels=np.array([labels.index(examples[index].label) for index in kept], np.int64),
        names=tuple(examples[index].name for index in kept),
        groups=tuple(examples[index].group for index in kept),
    )
    return split, skipped


def _read_all(
    examples: Sequence[Example], spec: InputSpec, inputs: NDArray[np.uint8] | NDArray[np.object_]
) -> Iterator[str | None]:
    """Read every example into its row of `inputs` and yield, in order, None or why it could not be read."""
    limits = InputLimits()

    def read_into_row(index: int) -> str | None:
        try:
            inputs[index] = _read(examples[index].payload, spec, limits)
        except InputError as error:
            return str(error)
        except OSError as error:
            return error.strerror or str(error)
        return None

    with ThreadPoolExecutor(min(_MAX_THREADS, os.cpu_count() or 1)) as pool:
        yield from pool.map(read_into_row, range(len(examples)))


def _read(payload: Payload, spec: InputSpec, limits: InputLimits) -> NDArray[np.uint8] | str:
    if isinstance(payload, Path):
        return read_input(payload.read_bytes(), spec, limits)
    if isinstance(payload, str) and isinstance(spec, TextSpec):
        return clean_text(payload, limits)
    if isinstance(payload, np.ndarray) and isinstance(spec, DigitSpec):
        return normalise_digit(payload)
    if isinstance(payload, np.ndarray) and isinstance(spec, ImageSpec):
        return fit_image(Image.fromarray(payload), spec)
    raise TypeError(f"a model of {spec.kind} input cannot read {type(payload).__name__}")


def _empty_inputs(count: int, spec: InputSpec) -> NDArray[np.uint8] | NDArray[np.object_]:
    if isinstance(spec, TextSpec):
        return np.empty(count, np.object_)
    return np.empty((count, spec.height, spec.width, spec.channels), np.uint8)


def _compacted(
    inputs: NDArray[np.uint8] | NDArray[np.object_], kept: Sequence[int]
) -> NDArray[np.uint8] | NDArray[np.object_]:
    """Move the kept rows to the front, in place: a second array of this size may not fit in memory."""
    for row, index in enumerate(kept):
        if row != index:
            inputs[row] = inputs[index]
    return inputs[: len(kept)]


def _tracked(results: Iterable[str | None], total: int, progress: bool) -> Iterable[str | None]:
    return track(results, "Reading", total, console=Console(stderr=True), disable=not progress)


def _require_known_labels(examples: Sequence[Example], labels: tuple[str, ...]) -> None:
    for example in examples:
        if example.label not in labels:
            raise DatasetError(
                f"the data has the label {example.label!r} ({example.name}), unknown to the model, which has "
                f"{', '.join(labels)}"
            )


def _require_each_label_read(examples: Sequence[Example], failures: Mapping[int, str]) -> None:
    read = {example.label for index, example in enumerate(examples) if index not in failures}
    for index, reason in failures.items():
        example = examples[index]
        if example.label not in read:
            raise DatasetError(f"no example of {example.label} can be read; the first, {example.name}: {reason}")
