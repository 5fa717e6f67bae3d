"""`python -m benchmarks.overload`: ten times the load that the service can bear, what it then answers, and after it.

The load's generator works on the same cores, so that it takes from the service what it needs itself, ten times more of
it under overload. `--apart` gives it a core of its own, in both measurements, and the service the others.
"""

import argparse
import base64
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from urllib.request import urlopen

import numpy as np

from benchmarks.open_loop import Offer, Outcome
from benchmarks.speed.client import request_bytes
from benchmarks.speed.contenders import CONTENDERS
from benchmarks.speed.inputs import digit_png, news_text, xray_jpeg
from benchmarks.speed.measuring import measure
from benchmarks.speed.running import PROJECT, Running, running

INPUTS = {
    "pneumonia": (xray_jpeg, "image/jpeg"),
    "digit": (digit_png, "image/png"),
    "topic": (news_text, "text/plain"),
}
CLIENTS = 16
"""Of the closed loop that finds what the service can bear."""

KEPT, FRESH = "kept", "fresh"
CONNECTIONS = {KEPT: 500, FRESH: 8_000}
"""At a time. Those kept are fewer than the service takes, so that its queues are what refuses."""
RECOVERY_SECONDS = 2
PROBE_SECONDS = 2
"""How long an orchestrator waits for `/health/live`, which is asked each second on a new connection."""


@dataclass(frozen=True)
class Measured:
    """One task's figures. `bearable` and `after` are answers a second, asked by as many clients as it can bear.

    `service_cpu` is what the service took of the processor under overload, in cores.

    `probes` are the seconds in which it said that it lives, each time that it was asked; infinite if it did not.
    """

    task: str
    bearable: float
    outcome: Outcome
    service_cpu: float
    after: float
    memory: tuple[int, ...]
    probes: tuple[float, ...]


def main() -> int:
    """Measure each task asked for and print a table of them."""
    options = _options()
    measured = [_measure(task, options) for task in options.tasks]
    print(
        "\n| input | bearable a second | offered | answered in time | of the bearable | 503 | 504 | unsent "
        "| cores: service, generator |"
    )
    print("| --- |" + " --- |" * 8)
    for one in measured:
        print(_load_row(one, options))
    print(
        "\n| input | p50 / p99 of what was answered | deadline | p99 of refusals | memory before, most, after "
        "| right after | live, slowest of all |"
    )
    print("| --- |" + " --- |" * 6)
    for one in measured:
        print(_latency_row(one, options.deadline_ms))
    return 0


def _measure(task: str, options: argparse.Namespace) -> Measured:
    make, content_type = INPUTS[task]
    request = request_bytes(f"/predict/{task}", make(), content_type)
    hurried = request.replace(b"\r\n\r\n", f"\r\nX-Deadline-Ms: {options.deadline_ms}\r\n\r\n".encode(), 1)
    models = PROJECT / "models" / "pneumonia"
    cores = sorted(os.sched_getaffinity(0))
    with (
        _on(cores[:-1] if options.apart else cores),
        running(CONTENDERS[0], next(models.iterdir()), xray_jpeg(), PROJECT / ".bench") as server,
        _on(cores[-1:] if options.apart else cores),
    ):
        bearable = _bearable(task, server, request, options)
        memory = [server.resident_bytes()]
        offer = Offer(
            host="127.0.0.1",
            port=server.port,
            request=hurried,
            rate=options.times * bearable,
            seconds=options.seconds,
            connections=CONNECTIONS[options.connections],
            patience=options.deadline_ms / 1000 + RECOVERY_SECONDS,
            fresh=options.connections == FRESH,
        )
        before = server.cpu_seconds()
        probes: list[float] = []
        outcome = _offered(offer, server, memory, probes)
        service_cpu = (server.cpu_seconds() - before) / options.seconds
        after = _bearable(task, server, request, options)
        memory.append(server.resident_bytes())
    if others := {status: count for status, count in outcome.statuses.items() if status not in {200, 503, 504}}:
        print(f"{task}: other answers: {others}", file=sys.stderr)
    if outcome.unanswered or outcome.raced:
        print(f"{task}: without an answer: {outcome.unanswered}; raced: {outcome.raced}", file=sys.stderr)
    return Measured(task, bearable, outcome, service_cpu, after, tuple(memory), tuple(probes))


def _bearable(task: str, server: Running, request: bytes, options: argparse.Namespace) -> float:
    """Return the answers a second that clients get who ask again once they are answered, on connections of the kind."""
    seconds = options.seconds / 6
    if options.connections == KEPT:
        return measure(task, server.port, request, CLIENTS, seconds).per_second
    # The first is not counted: what is slow at first is warm then.
    for part in (seconds / 4, seconds):
        asked = Offer("127.0.0.1", server.port, request, math.inf, part, CLIENTS, patience=0, fresh=True)
        outcome = _offered(asked, server, [], [])
    return outcome.statuses[200] / seconds


@contextmanager
def _on(cores: list[int]) -> Iterator[None]:
    """Let what is started within the block run on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _offered(offer: Offer, server: Running, memory: list[int], probes: list[float]) -> Outcome:
    """Make an offer from a process of its own; each second note the server's memory, and how soon it says it lives."""
    fields = asdict(offer) | {"request": base64.b64encode(offer.request).decode()}
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.offering"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
    ) as process:
        said: str | None = json.dumps(fields)
        while True:
            try:
                answered, _ = process.communicate(said, timeout=1)
            except subprocess.TimeoutExpired:
                memory.append(server.resident_bytes())
                probes.append(_probe(server.port))
                said = None
                continue
            break
    found = json.loads(answered)
    found["latencies"] = {int(status): latencies for status, latencies in found["latencies"].items()}
    return Outcome(**found)


def _probe(port: int) -> float:
    """Return the seconds in which the service says that it lives; infinite if it does not."""
    began = time.perf_counter()
    try:
        with urlopen(f"http://127.0.0.1:{port}/health/live", timeout=PROBE_SECONDS):
            return time.perf_counter() - began
    except OSError:
        return math.inf


def _load_row(one: Measured, options: argparse.Namespace) -> str:
    statuses, outcome, seconds = one.outcome.statuses, one.outcome, options.seconds
    # Who asks alone knows how long a connection waited that was not yet the service's.
    well = sum(latency <= options.deadline_ms / 1e3 for latency in outcome.latencies.get(200, [])) / seconds
    cells = [
        one.task,
        f"{one.bearable:.0f}",
        f"{outcome.offered / seconds:.0f}",
        f"{well:.0f}",
        f"{well / one.bearable:.2f}",
        f"{statuses[503] / seconds:.0f}",
        f"{statuses[504] / seconds:.1f}",
        f"{outcome.unsent / seconds:.0f}",
        f"{one.service_cpu:.2f}, {outcome.cpu_seconds / seconds:.2f}",
    ]
    return "| " + " | ".join(cells) + " |"


def _latency_row(one: Measured, deadline_ms: int) -> str:
    well = np.percentile(one.outcome.latencies.get(200, [np.nan]), [50, 99]) * 1e3
    refused = np.percentile(one.outcome.latencies.get(503, [np.nan]), 99) * 1e3
    mib = [size / 2**20 for size in (one.memory[0], max(one.memory), one.memory[-1])]
    return (
        f"| {one.task} | {well[0]:.0f} / {well[1]:.0f} ms | {deadline_ms} ms | {refused:.0f} ms | "
        f"{mib[0]:.0f}, {mib[1]:.0f}, {mib[2]:.0f} MiB | {one.after:.0f} a second, "
        f"{one.after / one.bearable:.2f} of before "
        f"| {_said_of(one.probes)} |"
    )


def _said_of(probes: tuple[float, ...]) -> str:
    lived = [seconds for seconds in probes if seconds < math.inf]
    return f"{max(lived, default=math.nan) * 1e3:.0f} ms, {len(lived)} of {len(probes)} in time"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overload", description=__doc__)
    parser.add_argument("--tasks", nargs="+", choices=INPUTS, default=list(INPUTS))
    parser.add_argument("--seconds", type=float, default=60, help="of the overload")
    parser.add_argument("--times", type=float, default=10, help="the load, as a multiple of the bearable one")
    parser.add_argument("--deadline-ms", type=int, default=4000)
    parser.add_argument(
        "--connections", choices=CONNECTIONS, default=KEPT, help="kept from one request to the next, or one for each"
    )
    parser.add_argument("--apart", action="store_true", help="the generator on a core of its own")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
