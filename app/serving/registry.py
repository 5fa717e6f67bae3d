"""Which version of each task's model serves: loaded at start-up, replaced without losing a request."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.serving.artifact import MANIFEST_FILE, Artifact
from app.serving.errors import (
    ArtifactError,
    VersionNotFoundError,
    VersionRefusedError,
)
from app.serving.model import LoadedModel
from app.serving.observer import UNOBSERVED, Observer
from app.serving.versions import Refusal, TaskState, files_of, versions_in
from app.tasks import TASKS, Task

ModelLoader = Callable[[Path], LoadedModel]
"""Loads a version's folder, or raises `ArtifactError`."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Replacement:
    """What a reload did: what serves `now`, what did `before`, if anything, and which versions are `loaded`.

    Watching takes only versions above `seen`.
    """

    now: Artifact
    before: Artifact | None
    loaded: tuple[int, ...]
    seen: int


class Registry:
    """The models under `models_dir/<task>/<version>`.

    Each task's state is replaced as a whole, so any thread may read at any time without a lock. `load`, `reload`,
    `unload` and `watch` change states: for one thread alone. A model is freed with the last request that had asked for
    it.

    Args:
        models_dir: the models folder.
        load: loads a version's folder.
        tasks: the tasks that have models.
        kept: how many versions of each task stay loaded.
        observer: hears of loads, and of what serves.
    """

    def __init__(
        self,
        models_dir: Path,
        load: ModelLoader,
        tasks: Sequence[Task] = TASKS,
        kept: int = 1,
        observer: Observer = UNOBSERVED,
    ) -> None:
        self._models_dir = models_dir
        self._load = load
        self._kept = kept
        self._observer = observer
        self._states = {task.name: TaskState(task) for task in tasks}

    def states(self) -> tuple[TaskState, ...]:
        """Return every task's state, in the order of the tasks."""
        return tuple(self._states.values())

    def state(self, task: str) -> TaskState:
        """Return one task's state.

        Raises:
            KeyError: there is no such task.
        """
        return self._states[task]

    def model(self, task: str, version: int | None = None) -> LoadedModel:
        """Return a version of a task's model that is loaded, or else the one that serves.

        Raises: as `TaskState.choose`.
        """
        return self._states[task].choose(version)

    def load(self) -> None:
        """Load each task's newest usable versions, as many as are kept; the newest of them serves. Takes seconds.

        One that is refused is kept with its reason, and the next older one is tried. A task without a usable version
        leaves the other tasks serving.
        """
        self._report_unknown_folders()
        for name, state in self._states.items():
            self._states[name] = self._load_newest(state.task)

    def reload(self, task: str, version: int | None = None) -> Replacement:
        """Load a version anew from disk, the newest unless one is named, and let it serve.

        Until it has passed every check, and for good if it does not, all stays as it is.

        Raises:
            KeyError: there is no such task.
            VersionNotFoundError: the models folder has no such version.
            VersionRefusedError: the version must not be served; the error names the file and the reason.
        """
        state = self._scan(self._states[task])
        # Whoever names a version wants it until a newer one than all of today's comes.
        return self._reload(state, version, max(state.seen, *state.found, 0))

    def restore(self, task: str, version: int, seen: int) -> Replacement:
        """Let a version serve that a reload was asked for elsewhere, when versions up to `seen` had been seen.

        Raises: as `reload`.
        """
        return self._reload(self._scan(self._states[task]), version, seen)

    def unload(self, task: str) -> None:
        """Let no version of a task serve until one is loaded by `reload`. Requests that came before are answered.

        Raises:
            KeyError: there is no such task.
        """
        self._states[task] = self._states[task].unloading()
        logger.info("%s: unloaded", task)
        self._observer.unloaded(task)

    def watch(self) -> None:
        """Let each task's newest version serve if it is newer than any seen and was not refused as it lies there.

        A task that was unloaded stays so.
        """
        for name in [name for name, state in self._states.items() if not state.unloaded]:
            state = self._scan(self._states[name])
            newer = (version for version in state.found if version > state.seen)
            version = next((version for version in newer if self._may_have_changed(state, version)), None)
            if version is not None:
                try:
                    self._reload(state, version, version)
                except VersionRefusedError:
                    continue

    def _load_newest(self, task: Task) -> TaskState:
        state = self._scan(TaskState(task))
        for version in state.found:
            state = self._try(state, version)
            if len(state.loaded) == self._kept:
                break
        if not state.loaded:
            logger.warning("%s: unavailable: %s", task.name, state.reason)
            return state
        newest = max(state.loaded)
        return self._switch(state, newest, seen=newest)

    def _reload(self, state: TaskState, version: int | None, seen: int) -> Replacement:
        name = state.task.name
        if version is None:
            version = max(state.found, default=None)
        if version is None or version not in state.found:
            raise VersionNotFoundError(name, version, state.found)
        tried = self._try(state, version)
        if version in tried.refused:
            self._states[name] = tried
            raise VersionRefusedError(name, version, tried.refused[version].reason, state.serving)
        after = self._states[name] = self._switch(tried, version, seen)
        before = state.model.artifact if state.model else None
        return Replacement(after.loaded[version].artifact, before, tuple(after.loaded), seen)

    def _switch(self, state: TaskState, version: int, seen: int) -> TaskState:
        state = state.switching(version, self._kept, seen)
        model = state.loaded[version]
        logger.info(
            "%s: version %d serves with %s: %s", state.task.name, version, model.engine.name, model.engine_reason
        )
        self._observer.serves(model.artifact.manifest, model.artifact.sha256, model.engine.name)
        return state

    def _try(self, state: TaskState, version: int) -> TaskState:
        """Return the state with a version loaded, or refused."""
        folder = self._models_dir / state.task.name / str(version)
        files = files_of(folder)
        try:
            model = self._load(folder)
            _check_fits(model, state.task)
        except ArtifactError as error:
            logger.warning("%s: version %d refused: %s", state.task.name, version, error)
            self._observer.loaded(state.task.name, "refused")
            return state.refusing(version, Refusal(str(error), files))
        self._observer.loaded(state.task.name, "loaded")
        return state.loading(version, model)

    def _scan(self, state: TaskState) -> TaskState:
        """Return the state with the versions that now lie on disk, and keep it."""
        name = state.task.name
        folder = self._models_dir / name
        try:
            found = tuple(versions_in(folder))
            absence = "does not exist"
            if folder.is_dir():
                absence = "has versions, none of them tried" if found else "holds no version"
        except OSError as error:
            found, absence = (), f"cannot be read: {error.strerror}"
        absence = f"the folder {name!r} of the models folder {absence}"
        state = self._states[name] = replace(state.rescanned(found), absence=absence)
        return state

    def _may_have_changed(self, state: TaskState, version: int) -> bool:
        refusal = state.refused.get(version)
        return refusal is None or refusal.files != files_of(self._models_dir / state.task.name / str(version))

    def _report_unknown_folders(self) -> None:
        try:
            folders = sorted(self._models_dir.iterdir())
        except OSError:
            # Each task's state will say so.
            return
        # A registry may have been asked for some of the tasks alone.
        known = {*self._states, *(task.name for task in TASKS)}
        for folder in folders:
            if folder.is_dir() and folder.name not in known and not folder.name.startswith("."):
                logger.warning("%s is ignored: there is no task %r", folder, folder.name)


def _check_fits(model: LoadedModel, task: Task) -> None:
    manifest = model.artifact.manifest
    takes_text = manifest.input.kind == "text"
    if takes_text != (task.kind == "text"):
        raise ArtifactError(MANIFEST_FILE, f"its input is {manifest.input.kind!r}, the task's is {task.kind!r}")
    if task.has_threshold and manifest.operating_point is None:
        raise ArtifactError(MANIFEST_FILE, "has no operating point, which this task needs")
