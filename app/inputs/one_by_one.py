"""Lets one thread at a time work on small arrays: to wait in line costs less than to fight for Python's lock."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

SMALL_PIXELS = 65_536
"""Above this size NumPy works for longer without Python's lock than it takes to have that back, so that threads side by
side are faster (`python -m benchmarks.one_by_one`, docs/benchmarks.md)."""


class OneByOne:
    """Lets one thread at a time work on small arrays. Those that work on large ones do not wait.

    NumPy gives Python's lock up in each call on more than 500 elements. Threads that do many such calls at the same
    time pass it to and fro, and each waits for it as often.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type["OneByOne"], tuple[()]]:
        """A copy in another process has threads of its own to order."""
        return OneByOne, ()

    @contextmanager
    def entered(self, pixels: int) -> Iterator[None]:
        """Wait, within the block work on arrays of so many elements."""
        if pixels > SMALL_PIXELS:
            yield
            return
        with self._lock:
            yield
