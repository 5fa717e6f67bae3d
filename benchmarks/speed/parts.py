"""What is measured: pictures against the other servers, small inputs against an echo, batches, starting, and more."""

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

from app.cores import available_cores
from benchmarks.speed.client import request_bytes
from benchmarks.speed.contenders import BOUNDARY, CONTENDERS, ECHO, Contender, contender_named
from benchmarks.speed.growth import growth
from benchmarks.speed.inputs import digit_png, news_text, xray_jpeg
from benchmarks.speed.measuring import LIMIT, Figure, measure, measure_limit, middle, say
from benchmarks.speed.plan import Plan
from benchmarks.speed.running import ContenderError, environment_of, running
from benchmarks.speed.soak import memory

BATCH_ITEMS = 64

Json = dict[str, Any]


def pictures(plan: Plan) -> Json:
    """Measure an X-ray on every contender, in alternating rounds, and the in-process limit in each round."""
    body = xray_jpeg()
    found: dict[tuple[str, int], list[Figure]] = defaultdict(list)
    failures: dict[str, str] = {}
    for number in range(plan.rounds):
        found[LIMIT, 0].append(measure_limit("pneumonia", body, available_cores(), plan))
        found[LIMIT, 1].append(measure_limit("pneumonia", body, 1, plan))
        # One that failed is not waited for again.
        for name in (name for name in plan.contenders if name not in failures):
            contender = contender_named(name)
            with _failing(contender, failures), running(contender, plan.model, body, plan.environments) as server:
                for concurrency in plan.concurrencies:
                    figure = measure(name, server.port, contender.ask(body), concurrency, plan.seconds)
                    found[name, concurrency].append(figure)
                    say(f"round {number + 1}", figure)
    return {
        "figures": [middle(rounds).__dict__ | {"rounds": len(rounds)} for rounds in found.values()],
        "failures": failures,
    }


def small(plan: Plan) -> Json:
    """Measure a digit and a text on the service, and a route that echoes the same bytes, in alternating rounds."""
    requests = {
        "digit": (digit_png(), "/predict/digit", "image/png"),
        "topic": (news_text(), "/predict/topic", "text/plain"),
    }
    found: dict[tuple[str, int], list[Figure]] = defaultdict(list)
    for number in range(plan.rounds):
        for contender in (ECHO, CONTENDERS[0]):
            with running(contender, plan.model, xray_jpeg(), plan.environments) as server:
                for task, (body, path, content_type) in requests.items():
                    echoed = contender is ECHO
                    request = request_bytes("/echo" if echoed else path, body, content_type)
                    for concurrency in plan.concurrencies:
                        label = f"echo-{task}" if echoed else task
                        figure = measure(label, server.port, request, concurrency, plan.seconds)
                        found[label, concurrency].append(figure)
                        say(f"round {number + 1}", figure)
    return {"figures": [middle(rounds).__dict__ for rounds in found.values()]}


def batch(plan: Plan) -> Json:
    """Measure requests of 64 X-rays, one after another, and the in-process limit."""
    body = xray_jpeg()
    request = request_bytes(
        "/predict/pneumonia/batch", _form_of([body] * BATCH_ITEMS), f"multipart/form-data; boundary={BOUNDARY}"
    )
    ours: list[Figure] = []
    limits: list[Figure] = []
    with running(CONTENDERS[0], plan.model, body, plan.environments) as server:
        for number in range(plan.rounds):
            limits.append(measure_limit("pneumonia", body, available_cores(), plan))
            ours.append(measure("batch", server.port, request, 1, max(plan.seconds, 10)))
            say(f"round {number + 1}", ours[-1])
    # So few fit into the time that the one which its end cuts off would be a fifteenth of all.
    return {"pictures_per_second": BATCH_ITEMS * 1000 / middle(ours).p50, "limit": middle(limits).per_second}


def start(plan: Plan) -> Json:
    """Measure, of the service with each engine and all four models: the time to ready, memory, and disk."""
    measured = []
    for contender in CONTENDERS[:2]:
        times, memory = [], []
        for _ in range(plan.rounds):
            with running(contender, plan.model, xray_jpeg(), plan.environments) as server:
                times.append(server.ready_seconds)
                memory.append(server.resident_bytes())
        middles = {"ready_seconds": median(times), "resident_bytes": median(memory)}
        print(f"{contender.name}: ready after {median(times):.2f} s, {median(memory) / 2**20:.0f} MiB", flush=True)
        measured.append({"contender": contender.name} | middles)
    size = sum(
        path.stat().st_size for path in environment_of(ECHO, plan.environments).parent.rglob("*") if path.is_file()
    )
    return {"services": measured, "environment_bytes": size}


PARTS = {"pictures": pictures, "small": small, "batch": batch, "start": start, "memory": memory, "growth": growth}


def _form_of(bodies: Sequence[bytes]) -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{number}.jpg"\r\n\r\n'.encode()
        + body
        + b"\r\n"
        for number, body in enumerate(bodies)
    ]
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


@contextmanager
def _failing(contender: Contender, failures: dict[str, str]) -> Iterator[None]:
    """Note why a contender could not be measured, and go on with the others."""
    try:
        yield
    except ContenderError as error:
        failures[contender.name] = str(error)
        print(f"{contender.name}: {error}", file=sys.stderr)
