"""Lets connections rest whose requests were refused, so that refusing does not take what answering needs."""

from asyncio import AbstractEventLoop
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

LOOK_SECONDS = 0.05
"""How often it is looked who may read on: together, since each time costs Python's lock, which answers need."""


class Connection(Protocol):
    """What rests."""

    def read_on(self, rested: float = 0.0) -> None:
        """Read again, after so many seconds."""
        ...


@dataclass(frozen=True)
class _Resting:
    """A connection since when, and the seconds that the request had which was refused there."""

    began: float
    seconds: float
    connection: Connection


class Rest:
    """Lets connections rest for so many seconds at most, and no longer than there is no room. For one event loop.

    What a client sends meanwhile waits in the kernel, and then in the client. Where there is room for what was refused
    last, the connections that have rested longest read on, one for each place. To wake one for each answer would be in
    vain: whoever had the answer asks again sooner, and has the place.

    Args:
        seconds: how long at most.
        has_room: called with a task, a number of inputs and the seconds that they have; whether they would be let in.
    """

    def __init__(self, seconds: float, has_room: Callable[[str, int, float], bool]) -> None:
        self._seconds = seconds
        self._has_room = has_room
        self._tasks: defaultdict[str, deque[_Resting]] = defaultdict(deque)

    def begin(self, loop: AbstractEventLoop, task: str, seconds: float, connection: Connection) -> None:
        """Let a connection rest on which a request for a task was refused, which had so many seconds."""
        if not self._tasks:
            loop.call_later(LOOK_SECONDS, self._look, loop)
        self._tasks[task].append(_Resting(loop.time(), seconds, connection))

    def _look(self, loop: AbstractEventLoop) -> None:
        now = loop.time()
        for task, resting in list(self._tasks.items()):
            self._wake(task, resting, now)
            if not resting:
                del self._tasks[task]
        if self._tasks:
            loop.call_later(LOOK_SECONDS, self._look, loop)

    def _wake(self, task: str, resting: deque[_Resting], now: float) -> None:
        woken = 0
        while resting:
            rested = now - resting[0].began
            if rested < self._seconds and not self._has_room(task, woken + 1, resting[0].seconds - rested):
                break
            woken += 1
            resting.popleft().connection.read_on(rested)
