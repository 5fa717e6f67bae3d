"""The service as processes of their own, as its users start it, for tests that stop and kill them."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

READY = re.compile(r"^Quartet is ready: http://localhost:(\d+)/docs$", re.MULTILINE)

ESTABLISHED = "01"
"""Of a connection, in `/proc/net/tcp`."""


@dataclass(frozen=True)
class Service:
    """A running service: the process that was started, where it answers, and the file of what it says."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path

    def serving_processes(self) -> set[int]:
        """Return the numbers of the processes that serve under a supervisor, those that start included."""
        return {pid for pid, parent, command in processes() if parent == self.process.pid and "spawn_main" in command}


def command(models: Path, *options: str) -> list[str]:
    """Return the command that serves a models folder on a free port."""
    return [sys.executable, "-m", "app.cli", "serve", "--port", "0", "--models", str(models), *options]


@contextmanager
def service(
    models: Path, log: Path, *options: str, environment: Mapping[str, str] | None = None, **settings: object
) -> Iterator[Service]:
    """Start the service in a process group of its own, wait until it is ready, and kill it in the end.

    Args:
        models: the models folder.
        log: file for what it says.
        options: of `quartet serve`.
        environment: variables that it has besides this process's own.
        settings: `QUARTET_<NAME>`, in lower case.
    """
    knobs = {f"QUARTET_{name.upper()}": str(value) for name, value in settings.items()}
    with (
        log.open("w") as log_file,
        subprocess.Popen(
            command(models, *options),
            stdout=log_file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {}), **knobs},
            start_new_session=True,
        ) as process,
    ):
        try:
            wait_until(lambda: process.poll() is not None or READY.search(log.read_text()) is not None, 60)
            ready = READY.search(log.read_text())
            assert ready, log.read_text()
            yield Service(process, f"http://127.0.0.1:{ready[1]}", log)
        finally:
            process.kill()


def wait_until(holds: Callable[[], bool], seconds: float) -> float:
    """Wait until something holds and return how many seconds it took.

    Raises:
        AssertionError: it did not within that time.
    """
    start = time.monotonic()
    while not holds():
        assert time.monotonic() < start + seconds, f"not within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - start


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def clients_of(pid: int) -> set[int]:
    """Return the clients' ports of the TCP connections that a process holds."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ports = {f"socket:[{row[9]}]": int(row[2].rpartition(":")[2], 16) for row in rows if row[3] == ESTABLISHED}
    links = {os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir() if entry.is_symlink()}
    return {ports[link] for link in links & ports.keys()}


def processes() -> Iterator[tuple[int, int, str]]:
    """Yield the number, the parent's number and the command of each process that has not ended."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            line = (folder / "cmdline").read_bytes().decode()
        except OSError:
            continue
        yield int(folder.name), int(fields[1]), line
