"""What the process of one runtime does: load a model, then measure it each time that its turn comes."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.serving.golden import Golden, load_golden
from benchmarks.speed.runtime_candidates import Caller, Files, Load

RUNS = 5
SIDE_BY_SIDE_SECONDS = 0.3

Pictures = NDArray[np.uint8]


@dataclass(frozen=True)
class Loaded:
    """What loading took and gave: memory resident beyond what the process had, and the largest differences from golden.

    The seconds are those from before the runtime's import until its first answer can be asked for.
    """

    seconds: float
    added_bytes: int
    off_probability: float
    off_score: float


@dataclass(frozen=True)
class Turn:
    """Milliseconds of each picture alone, by the clock and of the process's CPU time; two callers' pictures a second.

    CPU time leaves out what the process waited for a core: the figure to compare on a busy machine.
    """

    milliseconds: list[float]
    cpu_milliseconds: list[float]
    per_second: float


def serve(connection: Connection, load: Load, files: Files) -> None:
    """Load a model when first asked, then take a turn each time until asked no more. Runs in its own process.

    Answers with a `Loaded`, then with `Turn`s; or with an error's text, and ends.
    """
    try:
        connection.recv()
        golden = load_golden(files.saved_model / "golden.npz")
        loaded, callers = _load(load, files, golden)
        connection.send(loaded)
        picture = golden.inputs[:1].astype(np.uint8)
        while connection.recv():
            connection.send(Turn(*alone(callers[0], picture), side_by_side(callers, picture)))
    # A runtime may raise anything; the others go on.
    except Exception as error:
        connection.send(f"{type(error).__name__}: {str(error).strip()[:300]}")


def alone(caller: Caller, picture: Pictures) -> tuple[list[float], list[float]]:
    """Return milliseconds by the clock and of CPU time of `RUNS` runs, after one more: the others had the caches."""
    wall, cpu = [], []
    for _ in range(1 + RUNS):
        started, started_cpu = time.perf_counter(), time.process_time()
        caller(picture)
        wall.append((time.perf_counter() - started) * 1e3)
        cpu.append((time.process_time() - started_cpu) * 1e3)
    return wall[1:], cpu[1:]


def side_by_side(callers: Sequence[Caller], picture: Pictures) -> float:
    """Return how many pictures a second the callers answer together, a thread each."""
    counts = [0] * len(callers)
    begin = threading.Barrier(len(callers) + 1)
    end = threading.Event()

    def ask(place: int) -> None:
        begin.wait()
        while not end.is_set():
            callers[place](picture)
            counts[place] += 1

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(callers))]
    for thread in threads:
        thread.start()
    begin.wait()
    started = time.perf_counter()
    end.wait(SIDE_BY_SIDE_SECONDS)
    end.set()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started)


def _load(load: Load, files: Files, golden: Golden) -> tuple[Loaded, list[Caller]]:
    pictures = np.asarray(golden.inputs, np.uint8)
    before = _resident_bytes()
    started = time.perf_counter()
    callers = load(files)
    seconds = time.perf_counter() - started
    answers = [[caller(pictures[i : i + 1]) for i in range(len(pictures))] for caller in callers]
    added = _resident_bytes() - before
    probabilities = np.array([[answer.probabilities[0] for answer in each] for each in answers])
    scores = np.array([[answer.ood_score[0] for answer in each] for each in answers])
    off_probability = float(np.abs(probabilities - golden.probabilities).max())
    return Loaded(seconds, added, off_probability, float(np.abs(scores - golden.ood_score).max())), callers


def _resident_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))
