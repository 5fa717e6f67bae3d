"""`python -m benchmarks.overload`: ten times the load that the service can bear, what it then answers, and after it."""

import argparse
import base64
import json
import subprocess
import sys
from dataclasses import asdict

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


def main() -> int:
    """Measure each task asked for and print a table of them."""
    options = _options()
    print("| input | bearable a second | offered | answered well | of the bearable | 503 | 504 | unsent |")
    print("| --- |" + " --- |" * 7)
    rows = [_measured(task, options) for task in options.tasks]
    print("\n| input | p50 / p99 of what was answered | deadline | p99 of refusals | memory before, most, after |")
    print("| --- |" + " --- |" * 4)
    for row in rows:
        print(row)
    return 0


def _measured(task: str, options: argparse.Namespace) -> str:
    make, content_type = INPUTS[task]
    request = request_bytes(f"/predict/{task}", make(), content_type)
    hurried = request.replace(b"\r\n\r\n", f"\r\nX-Deadline-Ms: {options.deadline_ms}\r\n\r\n".encode(), 1)
    models = PROJECT / "models" / "pneumonia"
    with running(CONTENDERS[0], next(models.iterdir()), xray_jpeg(), PROJECT / ".bench") as server:
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
        outcome = _offered(offer, server, memory)
        after = measure(task, server.port, request, CLIENTS, options.seconds / 6)
        memory.append(server.resident_bytes())
    _print_load(task, bearable, outcome, options)
    return _latencies(task, outcome, bearable, after, memory, options)


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


def _print_load(task: str, bearable: Figure, outcome: Outcome, options: argparse.Namespace) -> None:
    statuses, seconds = outcome.statuses, options.seconds
    well = statuses[200] / seconds
    cells = [
        task,
        f"{bearable.per_second:.0f}",
        f"{outcome.offered / seconds:.0f}",
        f"{well:.0f}",
        f"{well / bearable.per_second:.2f}",
        f"{statuses[503] / seconds:.0f}",
        f"{statuses[504] / seconds:.1f}",
        f"{outcome.unsent / seconds:.0f}",
    ]
    print("| " + " | ".join(cells) + " |", flush=True)
    others = {status: count for status, count in statuses.items() if status not in {200, 503, 504}}
    if others or outcome.unanswered:
        print(f"other answers: {others}; without an answer: {outcome.unanswered}", file=sys.stderr)


def _latencies(
    task: str, outcome: Outcome, before: Figure, after: Figure, memory: list[int], options: argparse.Namespace
) -> str:
    well = np.percentile(outcome.latencies.get(200, [np.nan]), [50, 99]) * 1e3
    refused = np.percentile(outcome.latencies.get(503, [np.nan]), 99) * 1e3
    mib = [size / 2**20 for size in (memory[0], max(memory), memory[-1])]
    return (
        f"| {task} | {well[0]:.0f} / {well[1]:.0f} ms | {options.deadline_ms} ms | {refused:.0f} ms | "
        f"{mib[0]:.0f}, {mib[1]:.0f}, {mib[2]:.0f} MiB |\n"
        f"| then, from {CLIENTS} clients | {after.per_second:.0f} a second, "
        f"{after.per_second / before.per_second:.2f} of before | | | |"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overload", description=__doc__)
    parser.add_argument("--tasks", nargs="+", choices=INPUTS, default=list(INPUTS))
    parser.add_argument("--seconds", type=float, default=60, help="of the overload")
    parser.add_argument("--times", type=float, default=10, help="the load, as a multiple of the bearable one")
    parser.add_argument("--deadline-ms", type=int, default=4000)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
