"""One of several processes that serve the same port, tied to its supervisor by a pipe."""

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from functools import partial
from multiprocessing.connection import Connection
from types import FrameType

from app.main import create_app
from app.processes.listening import bind_beside
from app.processes.messages import BEAT, Message, receive, send
from app.processes.server import Server
from app.processes.shared_reloads import SharedReloads
from app.serving.reloading import OwnReloads, Wish
from app.settings import Settings
from app.telemetry.shared import Seat, take

TICKS_PER_BEAT = 10
"""A sign of life each second."""


def run_child(settings: Settings, pipe: Connection, wishes: Sequence[Wish], seat: Seat) -> None:
    """Serve until the pipe closes. Each message that it sends there is a sign of life, the first that it serves.

    Args:
        settings: the service's. The port has been reserved.
        pipe: to the supervisor.
        wishes: the versions that serve in the other processes, or none, where reloads or unloads have been asked for.
        seat: its place among them.
    """
    take(seat)
    # It listens when it has loaded its models: until then, connections are for those that have.
    ChildServer(settings, pipe, wishes).run(bind_beside(settings.host, settings.port))


class ChildServer(Server):
    """Stops when its supervisor closes the pipe, or is gone.

    The signals of a terminal or a service manager may reach it beside its supervisor's word: a keyboard's is left to
    the supervisor, and a second one does not end it.
    """

    def __init__(self, settings: Settings, pipe: Connection, wishes: Sequence[Wish]) -> None:
        self._pipe = pipe
        self._reloads: SharedReloads | None = None
        super().__init__(settings, self._beat, partial(create_app, wishes=wishes, reloads=self._shared))

    async def on_tick(self, counter: int) -> bool:
        """Tell the supervisor, and hear it."""
        if counter % TICKS_PER_BEAT == 0:
            self._beat()
        try:
            while self._pipe.poll():
                message = receive(self._pipe)
                if message is not None and self._reloads is not None:
                    self._reloads.take(message)
        except (EOFError, OSError):
            self.stop()
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Answer a stop signal."""
        if sig != signal.SIGINT and not self.stopping:
            super().handle_exit(sig, frame)

    def _shared(self, own: OwnReloads) -> SharedReloads:
        self._reloads = SharedReloads(own, self._send)
        return self._reloads

    def _send(self, message: Message) -> None:
        with _without_waiting(self._pipe):
            send(self._pipe, message)

    def _beat(self) -> None:
        with contextlib.suppress(OSError), _without_waiting(self._pipe):
            self._pipe.send_bytes(BEAT)


@contextlib.contextmanager
def _without_waiting(pipe: Connection) -> Iterator[None]:
    """Within the block do not wait for the other end to read: a supervisor that is held up must not hold this up.

    What it has begun to send is awaited: it comes at once.
    """
    os.set_blocking(pipe.fileno(), False)
    try:
        yield
    finally:
        os.set_blocking(pipe.fileno(), True)
