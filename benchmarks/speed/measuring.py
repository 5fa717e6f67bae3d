"""One measurement: a load on a server that runs, from a process of its own."""

import base64
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.speed.running import PROJECT, ContenderError

WARM_UP_SHARE = 0.25


@dataclass(frozen=True)
class Figure:
    """What one load gave. Latencies in milliseconds."""

    contender: str
    concurrency: int
    per_second: float
    p50: float
    p99: float


def measure(contender: str, port: int, request: bytes, concurrency: int, seconds: float) -> Figure:
    """Drive a load and return its figure.

    Raises:
        ContenderError: the server did not answer every request with 200.
    """
    load = {
        "host": "127.0.0.1",
        "port": port,
        "request": base64.b64encode(request).decode(),
        "concurrency": concurrency,
        "warm_up": WARM_UP_SHARE * seconds,
        "seconds": seconds,
    }
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed.load"],
        input=json.dumps(load),
        capture_output=True,
        text=True,
        cwd=PROJECT,
        timeout=3 * seconds + 60,
        check=False,
    )
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        raise ContenderError(f"the load generator failed: {done.stderr.strip()[-400:]}") from error
    if "error" in answer:
        raise ContenderError(answer["error"])
    latencies = np.array(answer["latencies"]) * 1e3
    if not len(latencies):
        raise ContenderError(f"no request was answered within {seconds:g} s")
    p50, p99 = np.percentile(latencies, [50, 99])
    return Figure(contender, concurrency, len(latencies) / seconds, float(p50), float(p99))


def middle(figures: Sequence[Figure]) -> Figure:
    """Return the figure of the middle throughput of several rounds; of an even count, the lower of the two."""
    return sorted(figures, key=lambda figure: figure.per_second)[(len(figures) - 1) // 2]
