"""What every recipe is, and what it hands on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from app.inputs.spec import InputSpec
from training.card import CardText
from training.checkpoint import History
from training.datasets.base import Dataset, Source
from training.network import Network
from training.ood import OodScorer
from training.run import Run


@dataclass(frozen=True)
class Options:
    """What a run may choose of any recipe; None leaves a recipe's own number."""

    seed: int = 0
    epochs: int | None = None
    weights: Path | None = None


@dataclass(frozen=True)
class OperatingTarget:
    """How the decision threshold is set: for a sensitivity for the positive label, or, without one, at one half."""

    positive: str
    sensitivity: float | None


@dataclass(frozen=True)
class Fitted:
    """A trained network, its out-of-distribution scorer, and each fitting stage's history.

    `validation_parts` names rows of the validation split that are to be measured apart, int64 `[n]` each.
    """

    network: Network
    scorer: OodScorer
    histories: dict[str, History] = field(default_factory=dict)
    validation_parts: dict[str, NDArray[np.int64]] = field(default_factory=dict)


class Recipe(Protocol):
    """One way to make one task's model."""

    @property
    def task(self) -> str:
        """The task it is for."""
        ...

    @property
    def name(self) -> str:
        """Its name within the task."""
        ...

    @property
    def summary(self) -> str:
        """One sentence for the list of recipes."""
        ...

    @property
    def spec(self) -> InputSpec:
        """What its model takes as input."""
        ...

    @property
    def operating_target(self) -> OperatingTarget | None:
        """What its decision threshold is chosen for; None for the most probable label."""
        ...

    @property
    def reported(self) -> str | None:
        """What the study reported of it, in its own figures; None for a recipe of ours."""
        ...

    @property
    def note(self) -> str | None:
        """What a reader of the comparison of recipes must know of this one, in a sentence without its full stop."""
        ...

    def fit(self, data: Dataset, options: Options, run: Run) -> Fitted:
        """Train on `data.train`, choosing on `data.validation`."""
        ...


@dataclass(frozen=True)
class TaskTraining:
    """All that training knows of a task; the module `training.recipes.<task>` has it as `TRAINING`.

    `recipes` begin with the reference ones, and the last is what trains unless another is named. `discover` finds the
    task's data at a path, or gets it itself where there is None. `card` is what the model card says beside figures.
    """

    recipes: tuple[Recipe, ...]
    discover: Callable[[Path | None], Source]
    card: CardText


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """Return every setting of a recipe, nested ones too, as JSON values; what is only said about it is left out."""
    adapter = TypeAdapter(type(recipe))
    settings: dict[str, Any] = adapter.dump_python(recipe, mode="json", exclude={"summary", "reported", "note"})
    return settings


def learns_in_epochs(recipe: Recipe) -> bool:
    """Say whether any stage of a recipe goes through the data in epochs, which several workers can share."""

    def has_epochs(settings: dict[str, Any]) -> bool:
        inner = (value for value in settings.values() if isinstance(value, dict))
        return "epochs" in settings or any(map(has_epochs, inner))

    return has_epochs(settings_of(recipe))
