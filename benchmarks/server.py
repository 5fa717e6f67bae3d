"""The service as a process of its own, started for a measurement and stopped after it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunningServer:
    """A service that answers: its address, `http://127.0.0.1:PORT`, and the id of its process."""

    address: str
    process: int

    def resident_bytes(self) -> int:
        """Return the process's resident memory (on Linux)."""
        return int(Path(f"/proc/{self.process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def running_server(models: Path, settings: Mapping[str, str] | None = None) -> Iterator[RunningServer]:
    """Serve a models folder on a free port until the block ends.

    Args:
        models: the models folder.
        settings: environment variables beside those that there are.

    Raises:
        RuntimeError: the service did not start; the text is what it said.
    """
    command = [sys.executable, "-m", "app.cli", "serve", "--port", "0", "--models", str(models)]
    # Only the first line is read of what the service says: a log of each request would fill the pipe.
    environment = {**os.environ, "QUARTET_LOG_LEVEL": "warning", **(settings or {})}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:  # noqa: S603
        try:
            said = process.stdout.readline() if process.stdout else ""
            ready = re.fullmatch(r"Quartet is ready: http://localhost:(\d+)/docs\n", said)
            if ready is None:
                raise RuntimeError(f"the service did not start: {said!r}")
            yield RunningServer(f"http://127.0.0.1:{ready[1]}", process.pid)
        finally:
            process.terminate()
