"""How throughput grows: X-rays with a second worker, and in process; small inputs with a second process."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

from benchmarks.speed.client import request_bytes
from benchmarks.speed.contenders import CONTENDERS, Contender
from benchmarks.speed.inputs import digit_png, news_text, xray_jpeg
from benchmarks.speed.measuring import Figure, measure, measure_limit, middle, say
from benchmarks.speed.plan import Plan
from benchmarks.speed.running import Running, running

CLIENTS = 16
COUNTS = (1, 2)
OURS = CONTENDERS[0]

Found = dict[tuple[str, int], list[Figure]]


def growth(plan: Plan) -> dict[str, Any]:
    """Measure with one and with two workers or processes, in alternating rounds."""
    found: Found = defaultdict(list)
    for _ in range(plan.rounds):
        for count in COUNTS:
            _measure_workers(count, plan, found)
            _measure_processes(count, plan, found)
    names = dict.fromkeys(name for name, _ in found)
    return {
        "clients": CLIENTS,
        "rates": {name: [middle(found[name, count]).per_second for count in COUNTS] for name in names},
    }


def _measure_workers(count: int, plan: Plan, found: Found) -> None:
    body = xray_jpeg()
    found["X-rays, in process, threads", count].append(measure_limit("pneumonia", body, count, plan))
    contender = _ours(QUARTET_WORKERS=count)
    with running(contender, plan.model, body, plan.environments) as server:
        _measure("X-rays, `QUARTET_WORKERS`", count, server, contender.ask(body), plan, found)


def _measure_processes(count: int, plan: Plan, found: Found) -> None:
    with running(_ours(QUARTET_PROCESSES=count), plan.model, xray_jpeg(), plan.environments) as server:
        topic = request_bytes("/predict/topic", news_text(), "text/plain")
        _measure("topics, `QUARTET_PROCESSES`", count, server, topic, plan, found)
        digit = request_bytes("/predict/digit", digit_png(), "image/png")
        _measure("digits, `QUARTET_PROCESSES`", count, server, digit, plan, found)


def _ours(**settings: int) -> Contender:
    return replace(OURS, environment=OURS.environment | {name: str(value) for name, value in settings.items()})


def _measure(name: str, count: int, server: Running, request: bytes, plan: Plan, found: Found) -> None:
    figure = measure(name, server.port, request, CLIENTS, plan.seconds)
    found[name, count].append(figure)
    say(f"{count} of", figure)


def efficiency(one: float, two: float) -> float:
    """Return the share of twice the rate of one that two reach."""
    return two / (2 * one)
