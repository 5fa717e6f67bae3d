"""The service in a Ray cluster of its own, for tests that ask it over HTTP and kill its processes."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.services import READY, free_port, wait_until

PROJECT = Path(__file__).parents[2]
START_SECONDS = 240


@dataclass(frozen=True)
class RayService:
    """A service that answers at `address`; `folder` has what its cluster writes."""

    address: str
    process: "subprocess.Popen[bytes]"
    folder: Path

    def replicas(self, deployment: str) -> set[int]:
        """Return the numbers of the processes that are replicas of a deployment."""
        title = re.compile(rf"^ray::ServeReplica:quartet:{deployment}\b")
        return {pid for pid, command in _descendants(self.process.pid) if title.match(command)}


@contextmanager
def ray_service(folder: Path, options: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[RayService]:
    """Start a cluster and the service in it, wait until it answers, and end all of it.

    Args:
        folder: for its output.
        options: of the Serve application.
        environment: variables that it has besides this process's own.
    """
    # The paths of Unix sockets are at most 107 bytes long.
    ray_folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    port = free_port()
    log = folder / "ray.log"
    own = {
        "QUARTET_PORT": str(port),
        "RAY_AUTH_MODE": "disabled",
        "RAY_USAGE_STATS_ENABLED": "0",
        "PYTHONPATH": str(PROJECT),
    }
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [
                *(sys.executable, "-m", "scale.local", "--cpus", "2", "--folder", str(ray_folder)),
                *("--options", json.dumps(options)),
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **own, **environment},
            start_new_session=True,
        ) as process,
    ):
        try:
            wait_until(lambda: process.poll() is not None or READY.search(log.read_text()) is not None, START_SECONDS)
            assert process.poll() is None, log.read_text()
            yield RayService(f"http://127.0.0.1:{port}", process, ray_folder)
        finally:
            left = [pid for pid, _ in _descendants(process.pid)]
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
            for pid in left:
                _kill(pid)
            shutil.rmtree(ray_folder, ignore_errors=True)


def _descendants(ancestor: int) -> list[tuple[int, str]]:
    """Return the number and the command of each process that a process, or one of its children, has started."""
    parents: dict[int, int] = {}
    commands: dict[int, str] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            commands[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        parents[int(entry.name)] = int(fields[1])

    def descends(pid: int) -> bool:
        while pid in parents:
            pid = parents[pid]
            if pid == ancestor:
                return True
        return False

    return [(pid, command) for pid, command in commands.items() if descends(pid)]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
