"""Lets another version of a task's model serve, when somebody asks for it."""

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
class Wish:
    """The version of a task that was asked for last, and up to which versions had been seen then (`TaskState.seen`)."""

    task: str
    version: int
    seen: int


@dataclass(frozen=True)
class Reload:
    """What a reload did, in the process that was asked, and in how many processes the version serves now."""

    replacement: Replacement
    processes: int = 1


class Reloads(Protocol):
    """Does reloads in every process that serves."""

    async def reload(self, task: str, version: int | None) -> Reload:
        """Let a version serve, the newest unless one is named.

        Raises:
            VersionNotFoundError: the models folder has no such version.
            VersionRefusedError: it must not be served; nothing has changed.
            PartlyReloadedError: it serves, but not in all processes.
        """
        ...

    async def unload(self, task: str) -> None:
        """Let no version of a task serve until one is loaded."""
        ...


class OwnReloads:
    """Does reloads in this process, on the thread that loads models, one after the other."""

    def __init__(self, registry: Registry, loader: Workers) -> None:
        self._registry = registry
        self._loader = loader

    async def reload(self, task: str, version: int | None) -> Reload:
        """Let a version serve, the newest unless one is named. See `Registry.reload`."""
        return Reload(await self._loader.run(partial(self._registry.reload, task, version)))

    async def unload(self, task: str) -> None:
        """Let no version of a task serve until one is loaded. See `Registry.unload`."""
        await self._loader.run(partial(self._registry.unload, task))


def restore(registry: Registry, wishes: Iterable[Wish]) -> None:
    """Let versions serve that were asked for elsewhere, as far as they can be had. For the thread that loads models."""
    for wish in wishes:
        try:
            registry.restore(wish.task, wish.version, wish.seen)
        except (VersionNotFoundError, VersionRefusedError) as error:
            logger.warning("%s: version %d was asked for, and serves elsewhere: %s", wish.task, wish.version, error)
