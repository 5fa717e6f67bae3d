"""What stands in for a process that serves, under a supervisor: each fails in its own way."""

import os
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from app.serving.reloading import Wish
from app.settings import Settings
from app.telemetry.shared import Seat


def fails_to_start(settings: Settings, pipe: Connection, wishes: Sequence[Wish], seat: Seat) -> None:
    """End before it serves, and leave a trace."""
    _leave_trace(settings)
    os._exit(3)


def one_serves(settings: Settings, pipe: Connection, wishes: Sequence[Wish], seat: Seat) -> None:
    """Serve if it is the first, otherwise end before it does."""
    _leave_trace(settings)
    if not _is_first(settings):
        os._exit(3)
    _serve_until_told(pipe)


def first_hangs(settings: Settings, pipe: Connection, wishes: Sequence[Wish], seat: Seat) -> None:
    """Say once that it serves; the first says no more."""
    _leave_trace(settings)
    if _is_first(settings):
        pipe.send_bytes(b".")
        time.sleep(600)
    _serve_until_told(pipe)


def ignores_its_end(settings: Settings, pipe: Connection, wishes: Sequence[Wish], seat: Seat) -> None:
    """Serve, and go on whatever it is told."""
    _leave_trace(settings)
    pipe.send_bytes(b".")
    time.sleep(600)


def _serve_until_told(pipe: Connection) -> None:
    while not pipe.poll(0.1):
        pipe.send_bytes(b".")


def _leave_trace(settings: Settings) -> None:
    """Count a start in the models folder."""
    (Path(settings.models_dir) / str(os.getpid())).touch()


def _is_first(settings: Settings) -> bool:
    """Whether nobody has asked before, of all processes that ask at once."""
    folder = Path(settings.models_dir)
    try:
        folder.with_name(f"{folder.name}-first").mkdir()
    except FileExistsError:
        return False
    return True
