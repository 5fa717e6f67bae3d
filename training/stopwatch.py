"""How long a run took, on what and with what: all its parts, whether they ended or were killed."""

import json
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from pydantic import BaseModel, ConfigDict, Field

from training.run import write_json

PARTS_FILE = "parts.json"
HEARTBEAT = 5.0
"""Seconds between writings: a killed part loses at most so many."""


class Part(BaseModel):
    """One stretch of a run without interruption."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    started: datetime
    seconds: float = Field(ge=0, description="wall time")
    device: str
    libraries: dict[str, str] = Field(default={}, description="versions of Python and the libraries")


class Stopwatch:
    """Times a part of a run while its block lasts, and writes it beside the earlier parts every few seconds.

    Example:
        >>> with Stopwatch(folder, "2 CPU cores", library_versions()) as watch:
        ...     work()
        ...     sum(part.seconds for part in watch.parts())

    Args:
        folder: the run's.
        device: what this part computes on.
        libraries: the versions that it computes with.
        running: False for a run that had ended: what is done again for a look at it is no part of it.
    """

    def __init__(self, folder: Path, device: str, libraries: dict[str, str], *, running: bool = True):
        self._path = folder / PARTS_FILE
        self._device, self._libraries, self._running = device, libraries, running
        self._earlier = read_parts(folder)
        self._started, self._start = datetime.now(UTC).replace(microsecond=0), time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="stopwatch", daemon=True)

    def parts(self) -> tuple[Part, ...]:
        """Return the earlier parts and, up to now, this one."""
        if not self._running:
            return self._earlier
        seconds = round(time.monotonic() - self._start, 1)
        part = Part(started=self._started, seconds=seconds, device=self._device, libraries=self._libraries)
        return (*self._earlier, part)

    def __enter__(self) -> "Stopwatch":
        if self._running:
            self._write()
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running:
            self._stopped.set()
            self._thread.join()
            self._write()

    def _beat(self) -> None:
        while not self._stopped.wait(HEARTBEAT):
            self._write()

    def _write(self) -> None:
        write_json(self._path, [part.model_dump(mode="json") for part in self.parts()])


def read_parts(folder: Path) -> tuple[Part, ...]:
    """Return the parts that a run folder tells of; none of one that has just been made."""
    path = folder / PARTS_FILE
    if not path.exists():
        return ()
    return tuple(Part.model_validate(part) for part in json.loads(path.read_text(encoding="utf-8")))
