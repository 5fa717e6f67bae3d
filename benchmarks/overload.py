"""`python -m benchmarks.overload`: ten times the load that the service can bear, what it then answers, and after it.

The load's generator works on the same cores, so that it takes from the service what it needs itself, ten times more of
it under overload. `--apart` gives it a core of its own, in both measurements, and the service the others.
"""

import argparse
import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import numpy as np

from benchmarks.open_loop import Offer, Outcome
from benchmarks.speed.client import request_bytes
from benchmarks.speed.contenders import CONTENDERS
from benchmarks.speed.inputs import digit_png, news_text, xray_jpeg
from benchmarks.speed.measuring import Figure, measure
from benchmarks.speed.running import PROJECT, Running, running

INPUTS = {
    "pneumonia": (xray_jpeg, "image/jpeg"),
    "digit": (digit_png, "image/png"),
    "topic": (news_text, "text/plain"),
}
CLIENTS = 16
"""Of the closed loop that finds what the service can bear."""

CONNECTIONS = 500
"""Fewer than the service takes, so that its queues are what refuses."""
RECOVERY_SECONDS = 2


@dataclass(frozen=True)
class Measured:
    """One task's figures. `service_cpu` is what the service took of the processor under overload, in cores."""

    task: str
    bearable: Figure
    outcome: Outcome
    service_cpu: float
    after: Figure
    memory: tuple[int, ...]


def main() -> int:
    """Measure each task asked for and print a table of them."""
    options = _options()
    measured = [_measure(task, options) for task in options.tasks]
    print(
        "\n| input | bearable a second | offered | answered well | of the bearable | 503 | 504 | unsent "
        "| cores: service, generator |"
    )
    print("| --- |" + " --- |" * 8)
    for one in measured:
        print(_load_row(one, options.seconds))
    print(
        "\n| input | p50 / p99 of what was answered | deadline | p99 of refusals | memory before, most, after "
        "| right after |"
    )
    print("| --- |" + " --- |" * 5)
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
        bearable = measure(task, server.port, request, CLIENTS, options.seconds / 6)
        memory = [server.resident_bytes()]
        offer = Offer(
            host="127.0.0.1",
            port=server.port,
            request=hurried,
            rate=options.times * bearable.per_second,
            seconds=options.seconds,
            connections=CONNECTIONS,
            patience=options.deadline_ms / 1000 + RECOVERY_SECONDS,
        )
        before = server.cpu_seconds()
        outcome = _offered(offer, server, memory)
        service_cpu = (server.cpu_seconds() - before) / options.seconds
        after = measure(task, server.port, request, CLIENTS, options.seconds / 6)
        memory.append(server.resident_bytes())
    if others := {status: count for status, count in outcome.statuses.items() if status not in {200, 503, 504}}:
        print(f"{task}: other answers: {others}", file=sys.stderr)
    if outcome.unanswered or outcome.raced:
        print(f"{task}: without an answer: {outcome.unanswered}; raced: {outcome.raced}", file=sys.stderr)
    return Measured(task, bearable, outcome, service_cpu, after, tuple(memory))


@contextmanager
def _on(cores: list[int]) -> Iterator[None]:
    """Let what is started within the block run on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _offered(offer: Offer, server: Running, memory: list[int]) -> Outcome:
    """Make an offer from a process of its own, and note the server's memory each second."""
    fields = asdict(offer) | {"request": base64.b64encode(offer.request).decode()}
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.open_loop"],
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
                said = None
                continue
            break
    found = json.loads(answered)
    found["latencies"] = {int(status): latencies for status, latencies in found["latencies"].items()}
    return Outcome(**found)


def _load_row(one: Measured, seconds: float) -> str:
    statuses, outcome = one.outcome.statuses, one.outcome
    well = statuses[200] / seconds
    cells = [
        one.task,
        f"{one.bearable.per_second:.0f}",
        f"{outcome.offered / seconds:.0f}",
        f"{well:.0f}",
        f"{well / one.bearable.per_second:.2f}",
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
        f"{mib[0]:.0f}, {mib[1]:.0f}, {mib[2]:.0f} MiB | {one.after.per_second:.0f} a second, "
        f"{one.after.per_second / one.bearable.per_second:.2f} of before |"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overload", description=__doc__)
    parser.add_argument("--tasks", nargs="+", choices=INPUTS, default=list(INPUTS))
    parser.add_argument("--seconds", type=float, default=60, help="of the overload")
    parser.add_argument("--times", type=float, default=10, help="the load, as a multiple of the bearable one")
    parser.add_argument("--deadline-ms", type=int, default=4000)
    parser.add_argument("--apart", action="store_true", help="the generator on a core of its own")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
