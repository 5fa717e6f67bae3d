"""How many inputs may be in the house at once: one more is refused at the door, not left to wait for ever."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.serving.errors import OverloadedError


class Admission:
    """Counts the inputs that have been let in and not yet answered. For one event loop; not for threads.

    Args:
        capacity: the most inputs inside: those worked on and those that wait.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._inside = 0

    @property
    def inside(self) -> int:
        """The inputs let in and not yet answered."""
        return self._inside

    def check(self, count: int) -> None:
        """Check that `count` inputs would be let in together.

        Raises:
            OverloadedError: there is no room for them.
        """
        if self._inside and self._inside + count > self._capacity:
            raise OverloadedError(self._inside, self._capacity)

    @contextmanager
    def admitted(self, count: int) -> Iterator[None]:
        """Let `count` inputs in together, or none of them.

        More than the capacity are let in when nobody else is inside: they could not be answered otherwise.

        Raises:
            OverloadedError: there is no room for them.
        """
        self.check(count)
        self._inside += count
        try:
            yield
        finally:
            self._inside -= count
