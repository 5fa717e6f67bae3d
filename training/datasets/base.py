"""What a data set is to a recipe: examples found on disk, then two splits of arrays."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Payload = Path | NDArray[np.uint8] | str


class DatasetError(Exception):
    """A data set that cannot be trained on. `str(error)` says what was found, what was expected, what to do."""


@dataclass(frozen=True)
class Example:
    """One labelled example, not yet read.

    `group` names what must stay on one side of a split (a patient; an exact copy): examples of one group never part.
    `payload` is a picture's path, a picture's pixels (uint8 `[H, W]`), or a text.
    """

    name: str
    label: str
    group: str
    payload: Payload


@dataclass(frozen=True)
class Source:
    """A data set as found: its examples, in a fixed order, and the labels in output order."""

    name: str
    labels: tuple[str, ...]
    grouped_by: str | None
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Split:
    """Examples read for a model.

    `inputs` is uint8 `[N, H, W, C]`, or str objects `[N]`; `labels` int64 `[N]` indexes the data set's labels;
    `names` has each example's name, `groups` what it belongs to.
    """

    inputs: NDArray[Any]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    groups: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: slice | NDArray[np.int64]) -> "Split":
        """Return the examples of these rows, as views where `rows` is a slice."""
        chosen = range(len(self))[rows] if isinstance(rows, slice) else rows.tolist()
        return Split(
            self.inputs[rows],
            self.labels[rows],
            tuple(self.names[row] for row in chosen),
            tuple(self.groups[row] for row in chosen),
        )


@dataclass(frozen=True)
class Skipped:
    """An example that could not be read, and why. `row` is its place among those that were to be read."""

    row: int
    name: str
    reason: str


@dataclass(frozen=True)
class Dataset:
    """Two splits of one source. `digest` is a sha256 over the names, labels and contents of all examples."""

    name: str
    labels: tuple[str, ...]
    grouped_by: str | None
    digest: str
    train: Split
    validation: Split
    validation_fraction: float
    skipped: tuple[Skipped, ...]
