"""One of several processes that serve the same port, tied to its supervisor by a pipe."""

import contextlib
import os
import signal
from multiprocessing.connection import Connection
from types import FrameType

from app.processes.listening import bind_beside
from app.processes.server import Server
from app.settings import Settings

TICKS_PER_BEAT = 10
"""A sign of life each second."""


def run_child(settings: Settings, pipe: Connection) -> None:
    """Serve until the pipe closes. Each message that it sends there is a sign of life, the first that it serves."""
    # It listens when it has loaded its models: until then, connections are for those that have.
    ChildServer(settings, pipe).run(bind_beside(settings.host, settings.port))


class ChildServer(Server):
    """Stops when its supervisor closes the pipe, or is gone.

    The signals of a terminal or a service manager may reach it beside its supervisor's word: a keyboard's is left to
    the supervisor, and a second one does not end it.
    """

    def __init__(self, settings: Settings, pipe: Connection) -> None:
        # A supervisor that is itself held up must not hold this process up.
        os.set_blocking(pipe.fileno(), False)
        self._pipe = pipe
        super().__init__(settings, self._beat)

    async def on_tick(self, counter: int) -> bool:
        """Tell the supervisor, and hear it."""
        if counter % TICKS_PER_BEAT == 0:
            self._beat()
        if self._pipe.poll():
            self.stop()
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Answer a stop signal."""
        if sig != signal.SIGINT and not self.stopping:
            super().handle_exit(sig, frame)

    def _beat(self) -> None:
        with contextlib.suppress(OSError):
            self._pipe.send_bytes(b".")
