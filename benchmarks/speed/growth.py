"""How throughput grows from one worker to two, and what the same threads reach in process."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

from benchmarks.speed.contenders import CONTENDERS
from benchmarks.speed.inputs import xray_jpeg
from benchmarks.speed.measuring import LIMIT, Figure, measure, measure_limit, middle, say
from benchmarks.speed.plan import Plan
from benchmarks.speed.running import running

CLIENTS = 16
WORKERS = (1, 2)
OURS = CONTENDERS[0]


def growth(plan: Plan) -> dict[str, Any]:
    """Measure X-rays a second with one and with two workers, and in process, in alternating rounds."""
    body = xray_jpeg()
    found: dict[tuple[str, int], list[Figure]] = defaultdict(list)
    for number in range(plan.rounds):
        for workers in WORKERS:
            found[LIMIT, workers].append(measure_limit("pneumonia", body, workers, plan))
            name = f"{OURS.name}-{workers}"
            contender = replace(OURS, name=name, environment=OURS.environment | {"QUARTET_WORKERS": str(workers)})
            with running(contender, plan.model, body, plan.environments) as server:
                figure = measure(name, server.port, contender.ask(body), CLIENTS, plan.seconds)
            found[OURS.name, workers].append(figure)
            say(f"round {number + 1}", figure)
    return {
        "clients": CLIENTS,
        "rates": {
            name: [middle(found[name, workers]).per_second for workers in WORKERS] for name in (OURS.name, LIMIT)
        },
    }


def efficiency(one: float, two: float) -> float:
    """Return the share of twice the rate of one worker that two workers reach."""
    return two / (2 * one)
