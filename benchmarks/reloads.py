"""Reload a model again and again under load: which requests fail, how long the others take, what memory is kept.

Starts the service on a copy of the models folder in which the task has a second version, the same model under another
number, and a third, damaged one. Clients send the same input one after the other; meanwhile the two good versions
serve in turn, and halfway the damaged one is asked for.
"""

import argparse
import hashlib
import json
import secrets
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import httpx
import numpy as np

from app.serving.artifact import MANIFEST_FILE
from app.serving.versions import versions_in
from benchmarks.server import RunningServer, running_server
from benchmarks.speed.inputs import digit_png, news_text, xray_jpeg

INPUTS = {"pneumonia": xray_jpeg, "catdog": xray_jpeg, "digit": digit_png, "topic": news_text}
PATIENCE = 60
MIB = 2**20


@dataclass(frozen=True)
class Exchange:
    """One request: when it began and ended, in seconds, and what was wrong with its answer, if anything."""

    began: float
    ended: float
    failure: str | None


@dataclass
class Load:
    """What the clients were answered so far."""

    exchanges: list[Exchange] = field(default_factory=list)

    def within(self, began: float, ended: float) -> list[Exchange]:
        """Return the requests that were under way at some time of an interval."""
        return [exchange for exchange in self.exchanges if exchange.began < ended and exchange.ended > began]


@dataclass
class Figures:
    """What was measured. Memory is what the process held before, and after each reload, in bytes."""

    calm: tuple[float, float]
    reloads: list[tuple[float, float]] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the status is 1 if a request failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", choices=INPUTS, default="pneumonia")
    parser.add_argument("--models", type=Path, default=Path("models"), help="models folder (default: models)")
    parser.add_argument("--reloads", type=int, default=20)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=15, help="of load before the first reload")
    parser.add_argument("--engine", default="auto", help="QUARTET_ENGINE")
    options = parser.parse_args(arguments)
    key = secrets.token_urlsafe()
    settings = {
        "QUARTET_ENGINE": options.engine,
        "QUARTET_ADMIN_KEY_SHA256": hashlib.sha256(key.encode()).hexdigest(),
    }
    with tempfile.TemporaryDirectory(prefix="quartet-") as folder:
        models = Path(shutil.copytree(options.models, Path(folder, "models")))
        good, bad = _add_versions(models / options.task)
        with running_server(models, settings) as server:
            with _under_load(server.address, options.task, options.clients) as load:
                figures = _measure(server, options.task, (good, bad), key, options.reloads, options.seconds)
            after = server.resident_bytes()
    return _report(load, figures, after)


def _add_versions(folder: Path) -> tuple[tuple[int, int], int]:
    """Add the newest version's copy and a damaged copy; return the two good versions, and the damaged one."""
    newest = versions_in(folder)[0]
    for version in (newest + 1, newest + 2):
        copy = shutil.copytree(folder / str(newest), folder / str(version))
        manifest = json.loads((copy / MANIFEST_FILE).read_text(encoding="utf-8")) | {"version": version}
        (copy / MANIFEST_FILE).write_text(json.dumps(manifest), encoding="utf-8")
    with (folder / str(newest + 2) / "golden.npz").open("ab") as file:
        file.write(b"\0")
    return (newest, newest + 1), newest + 2


@contextmanager
def _under_load(address: str, task: str, clients: int) -> Iterator[Load]:
    load, stop, body = Load(), threading.Event(), INPUTS[task]()

    def ask() -> None:
        with httpx.Client(base_url=address, timeout=PATIENCE) as client:
            while not stop.is_set():
                began = time.perf_counter()
                try:
                    response = client.post(f"/predict/{task}", content=body)
                    failure = None if response.status_code == HTTPStatus.OK else response.text
                except httpx.HTTPError as error:
                    failure = repr(error)
                load.exchanges.append(Exchange(began, time.perf_counter(), failure))

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _measure(
    server: RunningServer, task: str, versions: tuple[tuple[int, int], int], key: str, count: int, seconds: float
) -> Figures:
    good, bad = versions
    # The first requests warm up what runs them.
    time.sleep(seconds / 5)
    began = time.perf_counter()
    time.sleep(seconds)
    figures = Figures((began, time.perf_counter()), memory=[server.resident_bytes()])
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=server.address, headers=headers, timeout=PATIENCE) as admin:
        for number in range(count):
            began = time.perf_counter()
            response = admin.post(f"/models/{task}/reload", params={"version": good[number % 2]})
            figures.reloads.append((began, time.perf_counter()))
            response.raise_for_status()
            figures.memory.append(server.resident_bytes())
            if number == count // 2:
                refused = admin.post(f"/models/{task}/reload", params={"version": bad})
                print(f"the damaged version: {refused.status_code} {refused.json()['detail']}")
    return figures


def _report(load: Load, figures: Figures, after: int) -> int:
    failures = [exchange.failure for exchange in load.exchanges if exchange.failure]
    during = {exchange for interval in figures.reloads for exchange in load.within(*interval)}
    took = [ended - began for began, ended in figures.reloads]
    print(f"requests: {len(load.exchanges)}, failed: {len(failures)} {failures[:3] or ''}")
    print(f"a reload took {np.median(took):.2f} s at the median, {max(took):.2f} s at most")
    print(f"latency before:         {_latency(load.within(*figures.calm))}")
    print(f"latency during reloads: {_latency(list(during))}")
    shown = ", ".join(f"{memory / MIB:.0f}" for memory in figures.memory)
    print(f"resident memory before and after each reload, MiB: {shown}; without load: {after / MIB:.0f}")
    return 1 if failures else 0


def _latency(exchanges: Sequence[Exchange]) -> str:
    p50, p99 = np.percentile([1e3 * (exchange.ended - exchange.began) for exchange in exchanges], [50, 99])
    return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms ({len(exchanges)} requests)"


if __name__ == "__main__":
    sys.exit(main())
