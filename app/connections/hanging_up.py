"""Tells a request that waits for its answer when its client has hung up, without a task that waits for that."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from uvicorn.protocols.http.flow_control import FlowControl

HANG_UP = "quartet.hang_up"
"""The name of a connection's `HangUp` in the state of each request's scope."""


class HangUp:
    """Whether a connection's client has hung up, for the one of its requests that is being answered.

    ASGI lets a request await `http.disconnect`, which under load takes a task for each that waits.

    Args:
        flow: of the connection. One on which nothing is read does not tell that its client has gone.
    """

    def __init__(self, flow: FlowControl) -> None:
        self._flow = flow
        self._has_happened = False
        self._tell: Callable[[], None] | None = None

    @contextmanager
    def watched(self, tell: Callable[[], None]) -> Iterator[None]:
        """Within the block call `tell` once the client has hung up, or at once if it has."""
        self._flow.resume_reading()
        self._tell = tell
        try:
            if self._has_happened:
                tell()
            yield
        finally:
            self._tell = None

    def happen(self) -> None:
        """The client has hung up."""
        self._has_happened = True
        if self._tell is not None:
            self._tell()
