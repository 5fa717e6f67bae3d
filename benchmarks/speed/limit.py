"""The in-process limit: the service's own decoding and inference in plain threads, one a core, without HTTP."""

import json
import sys
import threading
import time
from pathlib import Path

from app.main import registry_of
from app.settings import Settings
from app.tasks import task_named
from benchmarks.speed.measuring import Figure


def limit(task: str, payload: bytes, threads: int, seconds: float) -> Figure:
    """Answer the same input on so many threads and return how often, and how long each took."""
    settings = Settings()
    registry = registry_of(settings, [task_named(task)])
    registry.load()
    model = registry.model(task)
    for _ in range(3):
        model.predict([payload])
    end = time.perf_counter() + seconds
    latencies: list[float] = []

    def answer() -> None:
        while (started := time.perf_counter()) < end:
            model.predict([payload])
            ended = time.perf_counter()
            # As of the servers, only what was answered in that time is counted.
            if ended <= end:
                latencies.append(ended - started)

    workers = [threading.Thread(target=answer) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    ordered = sorted(latencies)
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    return Figure("limit", threads, len(latencies) / seconds, p50 * 1e3, p99 * 1e3)


if __name__ == "__main__":
    # Of its own process: TASK FILE THREADS SECONDS.
    task, file, threads, seconds = sys.argv[1:]
    figure = limit(task, Path(file).read_bytes(), int(threads), float(seconds))
    json.dump(figure.__dict__, sys.stdout)
