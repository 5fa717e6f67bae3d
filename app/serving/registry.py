"""Which version of each task's model serves, and why the others do not."""

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.serving.artifact import MANIFEST_FILE
from app.serving.errors import ArtifactError, ModelUnavailableError
from app.serving.model import LoadedModel
from app.tasks import TASKS, Task

VERSION_FOLDER = re.compile(r"[1-9][0-9]{0,17}")
"""TensorFlow Serving's own layout. A version being exported lies in a folder that does not match."""

ModelLoader = Callable[[Path], LoadedModel]
"""Loads a version's folder, or raises `ArtifactError`."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class VersionState:
    """One version's folder. `reason` says why it is not available; `model` is there if it is."""

    version: int
    status: Literal["available", "refused", "not_loaded"]
    reason: str | None = None
    model: LoadedModel | None = None


@dataclass(frozen=True)
class TaskState:
    """A task's versions, newest first. `reason` says why no model is available, None if one is."""

    task: Task
    versions: tuple[VersionState, ...] = ()
    reason: str | None = None

    @property
    def model(self) -> LoadedModel | None:
        """The model that serves."""
        return next((state.model for state in self.versions if state.model), None)


class Registry:
    """The models under `models_dir/<task>/<version>`.

    The newest version that passes serves. One that is refused is kept with its reason, and the next older one
    is tried; a task without a usable version leaves the other tasks serving.
    """

    def __init__(self, models_dir: Path, load: ModelLoader, tasks: Sequence[Task] = TASKS) -> None:
        self._models_dir = models_dir
        self._load = load
        self._states = {task.name: TaskState(task, reason="no model has been loaded yet") for task in tasks}

    def load(self) -> None:
        """Load each task's newest usable version. Takes seconds."""
        self._report_unknown_folders()
        for name, state in self._states.items():
            self._states[name] = self._load_task(state.task)

    def states(self) -> tuple[TaskState, ...]:
        """Return every task's state, in the order of the tasks."""
        return tuple(self._states.values())

    def state(self, task: str) -> TaskState:
        """Return one task's state.

        Raises:
            KeyError: there is no such task.
        """
        return self._states[task]

    def model(self, task: str) -> LoadedModel:
        """Return the model that serves a task.

        Raises:
            ModelUnavailableError: there is none; the error says why.
        """
        state = self._states[task]
        if state.model is None:
            raise ModelUnavailableError(task, state.reason or "")
        return state.model

    def _load_task(self, task: Task) -> TaskState:
        folder = self._models_dir / task.name
        versions = versions_in(folder)
        if not versions:
            found = "holds no version" if folder.is_dir() else "does not exist"
            logger.warning("%s: unavailable: %s %s", task.name, folder, found)
            return TaskState(task, reason=f"the folder {task.name!r} of the models folder {found}")
        states: list[VersionState] = []
        for tried, version in enumerate(versions, start=1):
            states.append(self._load_version(task, version))
            if states[-1].model:
                reason = f"version {version} serves"
                states += [VersionState(older, "not_loaded", reason) for older in versions[tried:]]
                return TaskState(task, tuple(states))
        reasons = (f"version {state.version}: {state.reason}" for state in states)
        return TaskState(task, tuple(states), "; ".join(reasons))

    def _load_version(self, task: Task, version: int) -> VersionState:
        try:
            model = self._load(self._models_dir / task.name / str(version))
            _check_fits(model, task)
        except ArtifactError as error:
            logger.warning("%s: version %d refused: %s", task.name, version, error)
            return VersionState(version, "refused", str(error))
        logger.info("%s: version %d serves with %s: %s", task.name, version, model.engine.name, model.engine_reason)
        return VersionState(version, "available", model=model)

    def _report_unknown_folders(self) -> None:
        if not self._models_dir.is_dir():
            return
        for folder in sorted(self._models_dir.iterdir()):
            if folder.is_dir() and folder.name not in self._states and not folder.name.startswith("."):
                logger.warning("%s is ignored: there is no task %r", folder, folder.name)


def versions_in(folder: Path) -> list[int]:
    """Return the versions that a task's folder holds, newest first; none if there is no such folder."""
    if not folder.is_dir():
        return []
    names = [entry.name for entry in folder.iterdir() if entry.is_dir()]
    return sorted((int(name) for name in names if VERSION_FOLDER.fullmatch(name)), reverse=True)


def _check_fits(model: LoadedModel, task: Task) -> None:
    manifest = model.artifact.manifest
    takes_text = manifest.input.kind == "text"
    if takes_text != (task.kind == "text"):
        raise ArtifactError(MANIFEST_FILE, f"its input is {manifest.input.kind!r}, the task's is {task.kind!r}")
    if task.has_threshold and manifest.operating_point is None:
        raise ArtifactError(MANIFEST_FILE, "has no operating point, which this task needs")
