"""`python -m benchmarks.ray_serve`: what Ray Serve costs beside the plain service, and what a second replica brings.

One after the other, on this machine: the plain service with one worker and with one for each core, then the Serve
application with one replica of each task, with two, and with two and `RAY_SERVE_THROUGHPUT_OPTIMIZED=1`; each is asked
by 1 and by 16 clients. Then the time that a body takes from a handle to a replica and back, by its size.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import ray
from ray import serve

from app.cores import available_cores
from benchmarks.speed.client import Load, request_bytes
from benchmarks.speed.inputs import news_text, xray_jpeg
from benchmarks.speed.load import drive_apart
from benchmarks.speed.measuring import Figure, figure_of
from benchmarks.speed.table import table

PROJECT = Path(__file__).resolve().parents[1]
READY = re.compile(r"^Quartet is ready: http://localhost:(\d+)/docs$", re.MULTILINE)
START_SECONDS = 120
OPTIMIZED = "RAY_SERVE_THROUGHPUT_OPTIMIZED"
CLIENTS = (1, 16)
SIZES = (2_000, 100_000, 427_000, 4_000_000, 32_000_000)
REPEATS = 60
HEAD = ("what is asked", "input", "clients", "a second", "p50, ms", "p99, ms", "CPU each, ms")

WARM_UP_SECONDS = 1.0


def main() -> int:
    """Measure, and print the tables."""
    options = _options()
    requests = {
        "X-ray": request_bytes("/predict/pneumonia", xray_jpeg(), "image/jpeg"),
        "text": request_bytes("/predict/topic", news_text(), "text/plain"),
    }
    rows: list[Row] = []
    cores = available_cores()
    for workers in sorted({1, cores}):
        name = f"plain, {workers} worker{'s' if workers > 1 else ''}"
        with _running([sys.executable, "-m", "app.cli", "serve"], {"QUARTET_WORKERS": str(workers)}) as service:
            rows += _measured(name, service, requests, options.seconds)
    for replicas, environment in ((1, {}), (2, {}), (2, {OPTIMIZED: "1"})):
        name = f"Ray Serve, {replicas} replica{'s' if replicas > 1 else ''}{', optimized' if environment else ''}"
        with _on_ray(replicas, environment) as service:
            rows += _measured(name, service, requests, options.seconds)
    print(table(HEAD, [row.cells() for row in rows], options.markdown))
    print()
    print(table(("body, bytes", "there and back, p50, ms"), _transport(), options.markdown))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ray_serve", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="that each load is measured for (default: 5)")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    return parser.parse_args()


@dataclass(frozen=True)
class Service:
    """A service that runs: its port and the process that was started, which all its others descend from."""

    port: int
    process: int

    def cpu_seconds(self) -> float:
        """Return the time on a processor that all its processes have taken."""
        parents: dict[int, int] = {}
        ticks: dict[int, int] = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
                ticks[int(entry.name)] = int(fields[11]) + int(fields[12])
        family = {self.process}
        while more := {pid for pid, parent in parents.items() if parent in family} - family:
            family |= more
        return sum(ticks.get(pid, 0) for pid in family) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Row:
    """What one load gave; `cpu_ms` is what all of the service's processes took of the cores for each answer."""

    what: str
    figure: Figure
    cpu_ms: float

    def cells(self) -> tuple[str, ...]:
        """Return it as a row of the table."""
        figure = self.figure
        refused = f" ({figure.refused:.1%} refused)" if figure.refused else ""
        return (
            figure.contender,
            self.what,
            str(figure.concurrency),
            f"{figure.per_second:,.1f}{refused}",
            f"{figure.p50:.1f}",
            f"{figure.p99:.1f}",
            f"{self.cpu_ms:.1f}",
        )


def _measured(name: str, service: Service, requests: Mapping[str, bytes], seconds: float) -> Iterator[Row]:
    for what, request in requests.items():
        for clients in CLIENTS:
            drive_apart(Load("127.0.0.1", service.port, (request,), clients, 0.0, WARM_UP_SECONDS))
            before = service.cpu_seconds()
            measured = drive_apart(Load("127.0.0.1", service.port, (request,), clients, 0.0, seconds))
            cpu = service.cpu_seconds() - before
            row = Row(what, figure_of(name, clients, measured), 1000 * cpu / len(measured.latencies))
            print(" | ".join(row.cells()), file=sys.stderr, flush=True)
            yield row


@contextmanager
def _on_ray(replicas: int, environment: Mapping[str, str]) -> Iterator[Service]:
    # Fractions, so that all replicas find a place: Ray counts cores, and holds nobody to them.
    each = {"min_replicas": replicas, "max_replicas": replicas, "cpus": 0.1, "ingress_cpus": 0.1}
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
    command = [sys.executable, "-m", "scale.local", "--folder", folder, "--options", json.dumps(each)]
    try:
        with _running(command, {"QUARTET_WORKERS": "1", "RAY_AUTH_MODE": "disabled", **environment}) as service:
            yield service
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Service]:
    """Start a service on a free port, give it once it answers, and stop it.

    Raises:
        RuntimeError: it does not come to answer.
    """
    own = {"QUARTET_PORT": str(_free_port()), "QUARTET_LOG_LEVEL": "warning", **environment}
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **own}, cwd=PROJECT
        ) as process,
    ):
        try:
            until = time.monotonic() + START_SECONDS
            while READY.search(_text(log.fileno())) is None:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{command[2]} did not come to answer: {_text(log.fileno())[-2000:]}")
                time.sleep(0.1)
            yield Service(int(own["QUARTET_PORT"]), process.pid)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def _text(descriptor: int) -> str:
    return os.pread(descriptor, 1_000_000, 0).decode(errors="replace")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Sink:
    """Says how much it was given."""

    async def take(self, body: bytes) -> int:
        """Return the bytes of a body."""
        return len(body)


def _transport() -> list[tuple[str, str]]:
    """Measure the time from a handle to a replica and back, for bodies of some sizes."""
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
    os.environ["RAY_AUTH_MODE"] = "disabled"
    ray.init(
        "local",
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        configure_logging=False,
        _node_ip_address="127.0.0.1",
        _temp_dir=folder,
    )
    try:
        serve.start(proxy_location="Disabled")
        deployment = serve.deployment(ray_actor_options={"num_cpus": 0.1})(Sink)
        handle = serve.run(deployment.bind(), name="sink", route_prefix=None)
        rows = []
        for size in SIZES:
            body = os.urandom(size)
            times = []
            for _ in range(REPEATS):
                start = time.perf_counter()
                handle.take.remote(body).result()
                times.append(time.perf_counter() - start)
            rows.append((f"{size:,}", f"{1000 * float(np.median(times)):.1f}"))
    finally:
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)
    return rows


if __name__ == "__main__":
    sys.exit(main())
