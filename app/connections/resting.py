"""Connections that are not read for a while, since what came on them was refused."""

from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

LOOK_SECONDS = 0.05
"""How often it is looked who has rested enough: together, since each time costs Python's lock, which answers need."""


class Connection(Protocol):
    """What rests."""

    def read_on(self, rested: float = 0.0) -> None:
        """Read again, after so many seconds."""
        ...


@dataclass(frozen=True)
class Progress:
    """How many of a task's inputs have been answered in all, and how many are inside."""

    answered: int
    inside: int


@dataclass
class _Resting:
    answered: int
    connections: deque[tuple[float, Connection]] = field(default_factory=deque)


class Rest:
    """Lets connections rest for so many seconds at most, and no longer than there is nothing to do. For one event loop.

    What a client sends meanwhile waits in the kernel, and then in the client. For each input of the task that has been
    answered one connection reads on, the first first; where nobody is inside any more, all do.

    Args:
        seconds: how long at most.
        progress: called with a task's name.
    """

    def __init__(self, seconds: float, progress: Callable[[str], Progress]) -> None:
        self._seconds = seconds
        self._progress = progress
        self._tasks: dict[str, _Resting] = {}

    def begin(self, loop: AbstractEventLoop, task: str, connection: Connection) -> None:
        """Let a connection rest on which a request for a task was refused."""
        if not self._tasks:
            loop.call_later(LOOK_SECONDS, self._look, loop)
        resting = self._tasks.get(task)
        if resting is None:
            resting = self._tasks[task] = _Resting(self._progress(task).answered)
        resting.connections.append((loop.time(), connection))

    def _look(self, loop: AbstractEventLoop) -> None:
        now = loop.time()
        for task, resting in list(self._tasks.items()):
            progress = self._progress(task)
            room = progress.answered - resting.answered if progress.inside else len(resting.connections)
            resting.answered = progress.answered
            while resting.connections and (room > 0 or resting.connections[0][0] + self._seconds <= now):
                room -= 1
                began, connection = resting.connections.popleft()
                connection.read_on(now - began)
            if not resting.connections:
                del self._tasks[task]
        if self._tasks:
            loop.call_later(LOOK_SECONDS, self._look, loop)
