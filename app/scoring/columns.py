"""The table of results: its columns, and an input's row in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.scoring.failures import Failure
from app.serving.artifact import Artifact
from app.serving.model import Prediction
from app.tasks import Task

Value = str | float | int | bool | None
Row = Sequence[Value]

FIRST_COLUMNS = ("name", "label", "probability")
PROBABILITY = "probability_"
"""Before a label: the column of its probability."""

CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Column:
    """A column of results."""

    name: str
    type: Literal["string", "float", "bool", "int"]


@dataclass(frozen=True)
class Identity:
    """What results are of. Rows of different models or thresholds never lie in one file."""

    task: str
    version: int
    sha256: str
    threshold: float | None

    def __str__(self) -> str:
        threshold = "" if self.threshold is None else f", threshold {self.threshold}"
        return f"{self.task}, version {self.version} (sha256 {self.sha256[:12]}){threshold}"


@dataclass(frozen=True)
class Layout:
    """The columns that the results of one model have.

    `name`, `label`, `probability` (of the label), `probability_LABEL` for each label, `positive` and `threshold` where
    the task has a threshold, `in_distribution`, `ood_score`, `error_type` and `error` where there is no answer,
    `task`, `model_version`, `model_sha256`.
    """

    identity: Identity
    labels: tuple[str, ...]
    decides: bool

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, in order."""
        decision = (Column("positive", "bool"), Column("threshold", "float")) if self.decides else ()
        return (
            Column("name", "string"),
            Column("label", "string"),
            Column("probability", "float"),
            *(Column(PROBABILITY + label, "float") for label in self.labels),
            *decision,
            Column("in_distribution", "bool"),
            Column("ood_score", "float"),
            Column("error_type", "string"),
            Column("error", "string"),
            Column("task", "string"),
            Column("model_version", "int"),
            Column("model_sha256", "string"),
        )

    def row(self, name: str, result: Prediction | Failure) -> Row:
        """Return an input's row, a value for each column; the name is of one line."""
        identity = self.identity
        origin: Row = (identity.task, identity.version, identity.sha256)
        if isinstance(result, Failure):
            nothing = (None,) * (2 + len(self.labels))
            error = (result.type, one_line(result.detail))
            return (name, *nothing, *self._decision(None), None, None, *error, *origin)
        answer: Row = (result.label, result.probability, *result.probabilities.values())
        doubt: Row = (result.in_distribution, result.ood_score)
        return (name, *answer, *self._decision(result.positive), *doubt, None, None, *origin)

    def _decision(self, positive: bool | None) -> Row:
        return (positive, self.identity.threshold) if self.decides else ()


def one_line(text: str) -> str:
    r"""Return a text as results hold it: UTF-8 can encode it, and it has no line end or other control character.

    What is otherwise is escaped, `\n` and `\xff`, so that each row of a CSV file is a line.
    """
    encodable = text.encode("utf-8", "backslashreplace").decode()
    return CONTROLS.sub(lambda control: repr(control[0])[1:-1], encodable)


def layout_of(task: Task, artifact: Artifact, threshold: float | None) -> Layout:
    """Return the layout of a model's results; `threshold` replaces that of the model, if the task has one."""
    manifest = artifact.manifest
    point = manifest.operating_point
    used = (point.threshold if threshold is None else threshold) if point else None
    identity = Identity(task.name, manifest.version, artifact.sha256, used)
    return Layout(identity, manifest.labels, decides=point is not None)
