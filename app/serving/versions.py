"""A task's versions: which lie on disk, which are loaded, which were refused and why, and which serves."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from app.serving.errors import ModelUnavailableError, VersionNotLoadedError
from app.serving.model import LoadedModel
from app.tasks import Task

VERSION_FOLDER = re.compile(r"[1-9][0-9]{0,17}")
"""TensorFlow Serving's own layout. A version being exported lies in a folder that does not match."""

UNLOADED = "it was unloaded on request"

Files = frozenset[tuple[str, int, int]]
"""Each file's name, size in bytes and time of change in nanoseconds: whether a folder has changed, without reading."""


@dataclass(frozen=True)
class Refusal:
    """Why a version must not be served, and what its files were like."""

    reason: str
    files: Files = frozenset()


@dataclass(frozen=True)
class VersionState:
    """One version as `/models` shows it. An available one may be served; the others' `reason` says why not.

    An available one has a reason too if its folder was refused after it had been loaded.
    """

    version: int
    status: Literal["available", "refused", "not_loaded"]
    reason: str | None = None
    model: LoadedModel | None = None


@dataclass(frozen=True)
class TaskState:
    """A task at one moment. `serving` answers requests that name no version.

    `found` lie on disk, newest first. `loaded` may be served, also after their folders are gone. Watching takes only
    versions above `seen`, and none of a task that was `unloaded`. `absence` says why there is nothing to try.
    """

    task: Task
    found: tuple[int, ...] = ()
    loaded: Mapping[int, LoadedModel] = field(default_factory=dict)
    refused: Mapping[int, Refusal] = field(default_factory=dict)
    serving: int | None = None
    seen: int = 0
    absence: str = "no model has been loaded yet"
    unloaded: bool = False

    @property
    def model(self) -> LoadedModel | None:
        """The model that serves."""
        return None if self.serving is None else self.loaded[self.serving]

    @property
    def reason(self) -> str | None:
        """Why no model serves, None if one does."""
        if self.serving is not None:
            return None
        if self.unloaded:
            return UNLOADED
        refusals = (f"version {version}: {self.refused[version].reason}" for version in sorted(self.refused)[::-1])
        return "; ".join(refusals) or self.absence

    def choose(self, version: int | None = None) -> LoadedModel:
        """Return a version that is loaded, or else the one that serves.

        Raises:
            ModelUnavailableError: none is loaded; the error says why.
            VersionNotLoadedError: others are loaded.
        """
        serving = self.model
        if serving is None:
            raise ModelUnavailableError(self.task.name, self.reason or "")
        if version is None:
            return serving
        if version not in self.loaded:
            raise VersionNotLoadedError(self.task.name, version, sorted(self.loaded))
        return self.loaded[version]

    @property
    def versions(self) -> tuple[VersionState, ...]:
        """Every version, newest first."""
        return tuple(self._version(version) for version in sorted({*self.found, *self.loaded}, reverse=True))

    def rescanned(self, found: tuple[int, ...]) -> "TaskState":
        """Return the state with these versions on disk."""
        refused = {version: refusal for version, refusal in self.refused.items() if version in found}
        return replace(self, found=found, refused=refused)

    def refusing(self, version: int, refusal: Refusal) -> "TaskState":
        """Return the state with a version refused; whatever is loaded stays."""
        return replace(self, refused={**self.refused, version: refusal})

    def loading(self, version: int, model: LoadedModel) -> "TaskState":
        """Return the state with a version loaded, beside the others."""
        refused = {other: refusal for other, refusal in self.refused.items() if other != version}
        return replace(self, loaded={**self.loaded, version: model}, refused=refused)

    def switching(self, version: int, kept: int, seen: int) -> "TaskState":
        """Return the state with a loaded version serving and, beside it, the newest others up to `kept` in all."""
        others = sorted((other for other in self.loaded if other != version), reverse=True)[: kept - 1]
        loaded = {kept_one: self.loaded[kept_one] for kept_one in (version, *others)}
        return replace(self, loaded=loaded, serving=version, seen=seen, unloaded=False)

    def unloading(self) -> "TaskState":
        """Return the state with no version loaded, because somebody wished so."""
        return replace(self, loaded={}, serving=None, unloaded=True)

    def _version(self, version: int) -> VersionState:
        refusal = self.refused.get(version)
        if version in self.loaded:
            reason = f"its folder is now refused: {refusal.reason}" if refusal else None
            return VersionState(version, "available", reason, self.loaded[version])
        if refusal:
            return VersionState(version, "refused", refusal.reason)
        return VersionState(version, "not_loaded", self._reason_for_rest())

    def _reason_for_rest(self) -> str:
        if self.serving is not None:
            return f"version {self.serving} serves"
        return UNLOADED if self.unloaded else "it has not been asked for"


def versions_in(folder: Path) -> list[int]:
    """Return the versions that a task's folder holds, newest first; none if there is no such folder.

    Raises:
        OSError: the folder cannot be read.
    """
    if not folder.is_dir():
        return []
    names = [entry.name for entry in folder.iterdir() if entry.is_dir()]
    return sorted((int(name) for name in names if VERSION_FOLDER.fullmatch(name)), reverse=True)


def files_of(folder: Path) -> Files:
    """Return what a folder's files are like; one that goes away meanwhile is left out."""
    found = []
    for path in folder.rglob("*"):
        try:
            status = path.lstat()
        except OSError:
            continue
        found.append((path.relative_to(folder).as_posix(), status.st_size, status.st_mtime_ns))
    return frozenset(found)
