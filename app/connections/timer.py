"""A timer that may be started anew and stopped, for what a client is given a bounded time for."""

import asyncio
from collections.abc import Callable


class Timer:
    """Calls something once the seconds have passed that it was last started with, unless it is stopped before."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._handle: asyncio.TimerHandle | None = None

    @property
    def runs(self) -> bool:
        """Whether it was started, and neither stopped nor called what it is to call."""
        return self._handle is not None

    def start(self, seconds: float, then: Callable[[], None]) -> None:
        """Begin anew."""
        self.stop()
        self._handle = self._loop.call_later(seconds, self._end, then)

    def stop(self) -> None:
        """Call nothing."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _end(self, then: Callable[[], None]) -> None:
        self._handle = None
        then()
