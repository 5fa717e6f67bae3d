"""One measurement: a load on a server that runs, or the in-process limit, each from a process of its own."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.speed.client import Load, Measured
from benchmarks.speed.load import drive_apart
from benchmarks.speed.plan import Plan
from benchmarks.speed.running import PROJECT, ContenderError

WARM_UP_SHARE = 0.25
LIMIT = "limit"


@dataclass(frozen=True)
class Figure:
    """What one load gave. Latencies in milliseconds; `refused` is the share of requests not answered with 200."""

    contender: str
    concurrency: int
    per_second: float
    p50: float
    p99: float
    refused: float = 0.0


def measure(contender: str, port: int, request: bytes, concurrency: int, seconds: float) -> Figure:
    """Drive a load and return its figure.

    Raises:
        ContenderError: the server closed a connection, hung, or answered no request with 200.
    """
    what = Load("127.0.0.1", port, (request,), concurrency, WARM_UP_SHARE * seconds, seconds)
    return figure_of(contender, concurrency, drive_apart(what))


def figure_of(contender: str, concurrency: int, measured: Measured) -> Figure:
    """Sum up what was measured.

    Raises:
        ContenderError: no request was answered with 200.
    """
    latencies = np.array(measured.latencies) * 1e3
    count = len(latencies)
    if not count:
        raise ContenderError(f"no request was answered within {measured.seconds:g} s; {measured.refusal}")
    p50, p99 = np.percentile(latencies, [50, 99])
    share = measured.refused / (count + measured.refused)
    return Figure(contender, concurrency, count / measured.seconds, float(p50), float(p99), share)


def measure_limit(task: str, body: bytes, threads: int, plan: Plan) -> Figure:
    """Measure the in-process limit on so many threads.

    Raises:
        ContenderError: its process failed.
    """
    file = plan.environments / "input"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)
    words = [sys.executable, "-m", "benchmarks.speed.limit", task, str(file), str(threads), str(plan.seconds)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=PROJECT, check=False)
    if done.returncode:
        raise ContenderError(f"the in-process limit failed: {done.stderr.strip()[-400:]}")
    figure = Figure(**json.loads(done.stdout))
    say("in process", figure)
    return figure


def middle(figures: Sequence[Figure]) -> Figure:
    """Return the figure of the middle throughput of several rounds; of an even count, the lower of the two."""
    return sorted(figures, key=lambda figure: figure.per_second)[(len(figures) - 1) // 2]


def say(what: str, figure: Figure) -> None:
    """Print a figure."""
    refused = f"  refused {figure.refused:.1%}" if figure.refused else ""
    print(
        f"{what}: {figure.contender:<18} {figure.concurrency:>3} clients "
        f"{figure.per_second:8.1f}/s  p50 {figure.p50:7.1f} ms  p99 {figure.p99:7.1f} ms{refused}",
        flush=True,
    )
