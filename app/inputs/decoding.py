"""How many pixels are decoded at the same time, by all threads together: their memory is bounded, not their number."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from app.giving_up import GIVEN_UP, GivenUpError

SMALL_PIXELS = 4_000_000
"""A picture up to this size, 68 MB where a pixel takes most (docs/limits.md), needs no room: only a thread, which
larger ones that wait may hold."""

LOOK_SECONDS = 0.1
"""How often one that waits looks whether anybody still waits for it."""


class DecodingRoom:
    """Lets threads decode pictures side by side as long as these have no more than `capacity` pixels together.

    Whoever waits comes in turn. A picture larger than the capacity is let in alone.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._taken = 0
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    def __reduce__(self) -> tuple[type["DecodingRoom"], tuple[int]]:
        """A copy in another process is a room of its own."""
        return DecodingRoom, (self.capacity,)

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Wait until there is room for a picture of so many pixels, and keep it within the block.

        Raises:
            GivenUpError: nobody waits for the picture any more (`GIVEN_UP`).
        """
        if pixels <= SMALL_PIXELS:
            yield
            return
        given_up, turn = GIVEN_UP.get(), object()
        with self._changed:
            self._waiting.append(turn)
            try:
                while not given_up() and not (self._waiting[0] is turn and self._has_room(pixels)):
                    self._changed.wait(LOOK_SECONDS)
                if given_up():
                    raise GivenUpError
                self._taken += pixels
            finally:
                self._waiting.remove(turn)
                # The next may fit too.
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._taken -= pixels
                self._changed.notify_all()

    def _has_room(self, pixels: int) -> bool:
        return not self._taken or self._taken + pixels <= self.capacity
