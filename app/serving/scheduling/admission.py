"""How many inputs may be in the house at once: one more is refused at the door, not left to wait for ever."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.serving.errors import FullError, HopelessError
from app.serving.scheduling.pace import Pace

CERTAIN_SHARE = 0.7
"""Of the time that an input has, what it may be expected to need: the expectation is a mean."""


class Admission:
    """Counts the inputs that have been let in and not yet answered. For one event loop; not for threads.

    Args:
        capacity: the most inputs inside: those worked on and those that wait.
        workers: how many of them are worked on at the same time.
        clock: seconds that never go back.
    """

    def __init__(self, capacity: int, workers: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        self.capacity = capacity
        """May change; who is inside already stays."""
        self._workers = workers
        self._clock = clock
        self._pace = Pace()
        self._inside = 0

    @property
    def inside(self) -> int:
        """The inputs let in and not yet answered."""
        return self._inside

    def check(self, count: int, seconds: float | None = None) -> None:
        """Check that `count` inputs would be let in together, and may hope for an answer within `seconds`.

        By Little's law a newcomer waits for as long as those inside take at the pace at which answers come. To let it
        in nevertheless would be the worse for all: it is given up at its deadline, and those behind it then are close
        to theirs when their turn comes. Where a worker is free for each there is no wait to expect.

        Raises:
            FullError: there is no room for them.
            HopelessError: the answer is expected too late.
        """
        if not self._inside:
            return
        after = self._inside + count
        if after > self.capacity:
            raise FullError(self._inside, self.capacity)
        waits = after > self._workers
        if waits and seconds is not None and after * self._pace.seconds > CERTAIN_SHARE * seconds:
            raise HopelessError

    @contextmanager
    def admitted(self, count: int, seconds: float | None = None) -> Iterator[None]:
        """Let `count` inputs in together, or none of them.

        More than the capacity are let in when nobody else is inside: they could not be answered otherwise.

        Raises:
            FullError: there is no room for them.
            HopelessError: the answer is expected later than in `seconds`.
        """
        self.check(count, seconds)
        entered = self._clock()
        self._inside += count
        try:
            yield
        except BaseException:
            self._inside -= count
            raise
        self._inside -= count
        self._pace.answered(self._clock(), entered, count)
