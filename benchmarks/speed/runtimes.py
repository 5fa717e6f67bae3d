"""How fast runtimes answer one picture on one thread: `python -m benchmarks.speed.runtimes [--markdown]`.

LiteRT and ONNX Runtime are not among the project's dependencies. To have them measured:
`uv pip install ai-edge-litert onnxruntime tf2onnx`

Each runtime has a process of its own, so that neither memory nor settings of one are another's. They take turns, a few
pictures each, so that whatever else the machine does falls on all alike; and all start anew each round.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from app.serving.versions import versions_in
from benchmarks.speed.running import PROJECT
from benchmarks.speed.runtime_candidates import Files, Load, candidates, missing, prepare
from benchmarks.speed.runtime_worker import RUNS, Loaded, Turn, serve
from benchmarks.speed.table import table

ROUNDS = 2
TURNS = 6
END_SECONDS = 10
TASKS = ("digit", "catdog", "pneumonia")
HEAD = (
    "model",
    "runtime",
    "loaded in s",
    "ms, fastest",
    "ms, middle",
    "ms of CPU, middle",
    "a second, 2 callers",
    "MiB added",
    "off: probability",
    "off: score",
)


@dataclass
class Record:
    """All that was measured of one runtime, or why it could not be."""

    loaded: list[Loaded] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    failure: str | None = None


def main(arguments: Sequence[str] | None = None) -> None:
    """Print, for each picture task and runtime, what loading and answering cost and how far the answers are off."""
    parser = argparse.ArgumentParser(prog="benchmarks.speed.runtimes", description=__doc__.partition("\n")[0])
    parser.add_argument("--models", nargs="+", choices=TASKS, default=TASKS)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"{TURNS * RUNS} pictures each")
    parser.add_argument("--markdown", action="store_true", help="print a table for docs/benchmarks.md")
    options = parser.parse_args(arguments)
    # Read by TensorFlow and OpenBLAS when they are imported, which only the started processes do.
    os.environ["OMP_NUM_THREADS"] = "1"
    records = {
        (task, name): record
        for task in options.models
        for name, record in measure(_folder(task), candidates(), options.rounds).items()
    }
    rows = [(task, name, *figures(record)) for (task, name), record in records.items() if record.failure is None]
    print(table(HEAD, rows, options.markdown))
    for (task, name), record in records.items():
        if record.failure is not None:
            print(f"\nfailed: {task}, {name}: {record.failure}")
    if absent := missing():
        print(f"\nnot installed: {', '.join(absent)} (uv pip install {' '.join(absent.values())})")


def measure(folder: Path, loads: dict[str, Load], rounds: int) -> dict[str, Record]:
    """Measure each runtime with the model in `folder`."""
    records = {name: Record() for name in loads}
    with tempfile.TemporaryDirectory(prefix="quartet-") as prepared:
        files = Files(folder, Path(prepared))
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            pool.submit(prepare, files).result()
        for number in range(rounds):
            print(f"{folder.parent.name}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
            with ExitStack() as started:
                workers = []
                for name, load in loads.items():
                    worker = started.enter_context(_worker(load, files))
                    _ask(worker, records[name])
                    workers.append((worker, records[name]))
                for _ in range(TURNS):
                    for worker, record in workers:
                        _ask(worker, record)
    return records


def figures(record: Record) -> tuple[str, ...]:
    """Return the fastest load and run, the middle of the rest, and of the differences the largest."""
    times = np.concatenate([turn.milliseconds for turn in record.turns])
    return (
        f"{min(loaded.seconds for loaded in record.loaded):.2f}",
        f"{times.min():.2f}",
        f"{np.median(times):.2f}",
        f"{np.median(np.concatenate([turn.cpu_milliseconds for turn in record.turns])):.2f}",
        f"{np.median([turn.per_second for turn in record.turns]):.0f}",
        f"{np.median([loaded.added_bytes for loaded in record.loaded]) / 2**20:.0f}",
        f"{max(loaded.off_probability for loaded in record.loaded):.0e}",
        f"{max(loaded.off_score for loaded in record.loaded):.0e}",
    )


@contextmanager
def _worker(load: Load, files: Files) -> Iterator[Connection]:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, load, files), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        with suppress(OSError):
            ours.send(False)
        process.join(END_SECONDS)
        process.kill()
        process.join()


def _ask(worker: Connection, record: Record) -> None:
    if record.failure is not None:
        return
    try:
        worker.send(True)
        answer = worker.recv()
    except (EOFError, OSError):
        answer = "its process ended"
    if isinstance(answer, Loaded):
        record.loaded.append(answer)
    elif isinstance(answer, Turn):
        record.turns.append(answer)
    else:
        record.failure = answer


def _folder(task: str) -> Path:
    return PROJECT / "models" / task / str(versions_in(PROJECT / "models" / task)[0])


if __name__ == "__main__":
    main()
