"""Metrics that several processes share in a folder, so that a scrape, which reaches one, is answered for all.

prometheus_client keeps each process's values in files that it maps. They are named by a process's number among those
that serve, not by its id as usual: one that takes a dead one's place counts on in its files, so that no counter ever
goes back and the files do not become more with every restart.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import values
from prometheus_client.multiprocess import mark_process_dead

from app.errors import ConfigurationError

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client's own."""

PID_FILE = "process_{}.pid"

PREFIX = "quartet-metrics-"

LOCK_FILE = "in-use"
"""Locked as long as the folder's supervisor lives, however it ends."""


@dataclass(frozen=True)
class Seat:
    """A process's place among those that serve: from 0, and the folder that they share, None for no metrics."""

    number: int
    folder: Path | None


@contextmanager
def shared_folder(parent: Path | None) -> Iterator[Path]:
    """Give a folder for metrics that is gone afterwards, in `parent` or else where temporary files go.

    Folders there whose supervisors were killed are removed.

    Raises:
        ConfigurationError: there cannot be one.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix=PREFIX, dir=parent, ignore_cleanup_errors=True)
    except OSError as error:
        where = parent or "the folder for temporary files"
        reason = f"the metrics of several processes cannot be kept in {where}: {error.strerror}"
        raise ConfigurationError(f"{reason}. Set QUARTET_METRICS_DIR to a folder that can be written") from error
    with folder as name:
        path = Path(name)
        with _locked(path):
            _remove_left(path.parent)
            yield path


def take(seat: Seat) -> None:
    """Let this process's metrics, of which none may have been made yet, be those of a seat."""
    if seat.folder is None:
        return
    os.environ[FOLDER_VARIABLE] = str(seat.folder)
    values.ValueClass = values.MultiProcessValue(lambda: seat.number)
    (seat.folder / PID_FILE.format(seat.number)).write_text(str(os.getpid()))


def leave(seat: Seat) -> None:
    """Forget what the process that had a seat was doing when it ended; what it has counted stays."""
    if seat.folder is None:
        return
    mark_process_dead(seat.number, str(seat.folder))
    (seat.folder / PID_FILE.format(seat.number)).unlink(missing_ok=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep others from removing a folder. Under its name, the file is locked from the first moment on."""
    # Windows has none, and no processes that share a port.
    import fcntl

    with (folder / f"{LOCK_FILE}.new").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        Path(file.name).rename(folder / LOCK_FILE)
        yield


def _remove_left(parent: Path) -> None:
    """Remove the folders in `parent` that are in nobody's use any more."""
    import fcntl

    for lock in list(parent.glob(f"{PREFIX}*/{LOCK_FILE}")):
        # Another's is locked; one that is not this user's, or has just gone, is not to be had.
        with suppress(OSError), os.fdopen(os.open(lock, os.O_RDWR | os.O_NOFOLLOW), "r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent)


def process_ids(folder: str) -> list[tuple[str, str]]:
    """Return the number and the process id of each seat that is taken."""
    found = []
    for path in sorted(Path(folder).glob(PID_FILE.format("*"))):
        try:
            found.append((path.stem.removeprefix("process_"), path.read_text()))
        except FileNotFoundError:
            continue
    return [(number, pid) for number, pid in found if pid]
