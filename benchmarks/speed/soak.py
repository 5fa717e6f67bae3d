"""Whether memory stays flat: many requests of mixed kinds, while the service's resident memory is watched."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.speed.client import Load, request_bytes
from benchmarks.speed.contenders import CONTENDERS
from benchmarks.speed.inputs import digit_png, news_text, xray_jpeg
from benchmarks.speed.load import drive_apart
from benchmarks.speed.measuring import figure_of, say
from benchmarks.speed.plan import Plan
from benchmarks.speed.running import Running, running

CLIENTS = 16
SLOWEST_PER_SECOND = 10
INTERVAL_SECONDS = 2.0


@dataclass(frozen=True)
class Sample:
    """Resident memory, at a time since the load began."""

    seconds: float
    resident_bytes: int


def memory(plan: Plan) -> dict[str, Any]:
    """Send requests, of every 20 nine digits, nine topics and two X-rays, and watch memory.

    Raises:
        ContenderError: the service does not start, closed a connection or hung.
    """
    contender, xray = CONTENDERS[0], xray_jpeg()
    with running(contender, plan.model, xray, plan.environments) as server:
        what = Load(
            host="127.0.0.1",
            port=server.port,
            requests=mixture(xray),
            concurrency=CLIENTS,
            warm_up=0,
            seconds=plan.requests / SLOWEST_PER_SECOND,
            answers=plan.requests,
        )
        with _watching(server) as samples:
            measured = drive_apart(what)
    figure = figure_of(contender.name, CLIENTS, measured)
    say("mixed", figure)
    found = summary(samples, figure.per_second)
    print(json.dumps(found), flush=True)
    return {"requests": plan.requests, "figure": asdict(figure), **found, "samples": [asdict(s) for s in samples]}


@contextmanager
def _watching(server: Running) -> Iterator[list[Sample]]:
    """Sample the memory every few seconds, at the beginning and at the end of the block."""
    started = time.perf_counter()
    samples: list[Sample] = []
    ended = threading.Event()

    def sample() -> None:
        samples.append(Sample(time.perf_counter() - started, server.resident_bytes()))

    def watch() -> None:
        while not ended.wait(INTERVAL_SECONDS):
            sample()

    sample()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield samples
    finally:
        ended.set()
        watcher.join()
        sample()


def mixture(xray: bytes) -> tuple[bytes, ...]:
    """Return 20 requests, the two X-rays apart, digits and topics by turns between them."""
    digit = request_bytes("/predict/digit", digit_png(), "image/png")
    topic = request_bytes("/predict/topic", news_text(), "text/plain")
    picture = request_bytes("/predict/pneumonia", xray, "image/jpeg")
    half = (digit, topic) * 4
    return (picture, *half, digit, picture, *half, topic)


def summary(samples: Sequence[Sample], per_second: float) -> dict[str, float]:
    """Return the first, last and highest memory, and how much 10,000 requests add.

    The slope is the least squares line's through the last three quarters of the samples: the first requests fill
    caches and pools. Requests are taken to come evenly, at `per_second`.
    """
    resident = np.array([sample.resident_bytes for sample in samples]) / 2**20
    seconds = np.array([sample.seconds for sample in samples])
    later = slice(len(samples) // 4, None)
    slope = np.polyfit(seconds[later], resident[later], 1)[0] if len(samples[later]) > 1 else 0.0
    return {
        "first_mib": float(resident[0]),
        "last_mib": float(resident[-1]),
        "peak_mib": float(resident.max()),
        "mib_per_10000": float(slope / per_second * 10_000),
    }
