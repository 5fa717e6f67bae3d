"""A container that crun runs, asked from within its own network."""

import ctypes
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

CLONE_NEWNET = 0x40000000

# crun runs no container where versions 1 and 2 of control groups are mounted together; it needs one of them.
RUN = "umount /sys/fs/cgroup/unified 2>/dev/null; exec crun run --bundle"


@dataclass(frozen=True)
class Running:
    """A container: its name, crun's own process and the number of its first process."""

    name: str
    crun: "subprocess.Popen[bytes]"
    pid: int

    def execute(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in the container, as its user."""
        return subprocess.run(["crun", "exec", self.name, *words], check=False, capture_output=True, text=True)

    def status(self, field: str) -> str:
        """Return a field of `/proc/PID/status`."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return dict(line.split(":", 1) for line in lines)[field].strip()

    def stop(self, seconds: float) -> tuple[int, float]:
        """Stop it as an orchestrator does and return its exit status and the seconds that it took."""
        start = time.monotonic()
        subprocess.run(["crun", "kill", self.name, "TERM"], check=True)
        return self.crun.wait(seconds), time.monotonic() - start


@contextmanager
def running(bundle: Path, log: Path) -> Iterator[Running]:
    """Run a bundle until the block ends; from then on this process's sockets are in the container's network."""
    name = f"quartet-{os.getpid()}"
    with log.open("w") as log_file:
        crun = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", f"{RUN} {bundle} {name}"], stdout=log_file, stderr=subprocess.STDOUT
        )
    try:
        pid = _first_process(name, crun, log)
        with Path(f"/proc/{pid}/ns/net").open() as network:
            if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "cannot enter the container's network")
        yield Running(name, crun, pid)
    finally:
        subprocess.run(["crun", "delete", "--force", name], check=False, capture_output=True)
        crun.kill()
        crun.wait()


def _first_process(name: str, crun: "subprocess.Popen[bytes]", log: Path) -> int:
    for _ in range(500):
        state = subprocess.run(["crun", "state", name], check=False, capture_output=True, text=True)
        if state.returncode == 0 and json.loads(state.stdout).get("pid"):
            return int(json.loads(state.stdout)["pid"])
        if crun.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError(f"the container did not start: {log.read_text()}")


def wait_until_ready(client: httpx.Client, seconds: float) -> dict[str, Any]:
    """Ask until the service is ready and return what it says; at last raise what it said instead."""
    until = time.monotonic() + seconds
    while True:
        try:
            answer = client.get("/health/ready")
            if answer.is_success or time.monotonic() > until:
                return dict(answer.raise_for_status().json())
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
        time.sleep(0.05)
