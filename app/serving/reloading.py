"""Lets another version of a task's model serve, or none, when somebody asks for it."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from app.serving.errors import VersionNotFoundError, VersionRefusedError
from app.serving.registry import Registry, Replacement
from app.serving.scheduling.workers import Workers

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Load:
    """A version of a task is to serve, the newest unless one is named."""

    task: str
    version: int | None


@dataclass(frozen=True)
class Unload:
    """No version of a task is to serve."""

    task: str


Change = Load | Unload
"""What can be asked for."""


@dataclass(frozen=True)
class Wish:
    """The version of a task that was asked for last, and up to which versions had been seen then (`TaskState.seen`).

    Without a version it was asked that none serve.
    """

    task: str
    version: int | None
    seen: int = 0

    @property
    def change(self) -> Change:
        """What fulfils it where it was asked for just now."""
        return Unload(self.task) if self.version is None else Load(self.task, self.version)


@dataclass(frozen=True)
class Reload:
    """What a reload did, in the process that was asked, and in how many processes the version serves now."""

    replacement: Replacement
    processes: int = 1


class Reloads(Protocol):
    """Does reloads, and unloads, in every process that serves, one after the other."""

    async def reload(self, task: str, version: int | None) -> Reload:
        """Let a version serve, the newest unless one is named.

        Raises:
            VersionNotFoundError: the models folder has no such version.
            VersionRefusedError: it must not be served; nothing has changed.
            PartlyReloadedError: it serves, but not in all processes.
        """
        ...

    async def unload(self, task: str) -> None:
        """Let no version of a task serve until one is loaded.

        Raises:
            PartlyUnloadedError: one serves on in some processes.
        """
        ...


class OwnReloads:
    """Does reloads, and unloads, in this process, on the thread that loads models, one after the other."""

    def __init__(self, registry: Registry, loader: Workers) -> None:
        self._registry = registry
        self._loader = loader

    async def reload(self, task: str, version: int | None) -> Reload:
        """Let a version serve, the newest unless one is named. See `Registry.reload`."""
        return Reload(await self._loader.run(partial(self._registry.reload, task, version)))

    async def unload(self, task: str) -> None:
        """Let no version of a task serve until one is loaded. See `Registry.unload`."""
        await self._loader.run(partial(self._registry.unload, task))


def fulfil(registry: Registry, wish: Wish) -> None:
    """Let a version serve, or none, as was asked for elsewhere.

    For the thread that loads models.

    Raises:
        VersionNotFoundError, VersionRefusedError: it cannot be had; nothing has changed.
    """
    if wish.version is None:
        registry.unload(wish.task)
    else:
        registry.restore(wish.task, wish.version, wish.seen)


def restore(registry: Registry, wishes: Iterable[Wish]) -> None:
    """Let versions serve, or none, as was asked for elsewhere, as far as they can be had.

    For the thread that loads models.
    """
    for wish in wishes:
        try:
            fulfil(registry, wish)
        except (VersionNotFoundError, VersionRefusedError) as error:
            logger.warning("%s: version %s was asked for, and serves elsewhere: %s", wish.task, wish.version, error)
