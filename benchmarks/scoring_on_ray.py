"""`python -m benchmarks.scoring_on_ray`: `quartet score --engine ray` beside the local engine, on one core and on more.

Each scores the same X-rays, files in the disk's cache, in turn. Two rates: of the whole run, and from when as many
blocks were there as there are workers, which leaves out how long Ray takes to start.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.commands.using import model_for
from app.cores import available_cores
from app.scoring.columns import layout_of
from app.scoring.distributed.plan import MIB, PICTURES_PER_BLOCK, ClusterPlan
from app.scoring.distributed.run import ClusterRun
from app.scoring.distributed.shipment import shipment_of
from app.scoring.progress import Show, Standing
from app.scoring.results import open_results
from app.scoring.run import Plan, Run
from app.scoring.sources import FolderSource, Reading
from app.scoring.tally import Tally
from app.settings import Settings
from app.tasks import task_named
from benchmarks.speed.inputs import xray_jpeg

TASK = "pneumonia"
READERS = 4


@dataclass(frozen=True)
class Rates:
    """Inputs a second, of the whole run and once under way."""

    whole: float
    steady: float

    def __str__(self) -> str:
        return f"{self.steady:6.1f}/s once under way, {self.whole:6.1f}/s in all"


def main() -> int:
    """Measure and print a line for each run, then ratios of the middle ones."""
    options = _options()
    found: dict[tuple[str, int], list[Rates]] = {}
    with tempfile.TemporaryDirectory(prefix="quartet-scoring-") as folder:
        source = _xrays(Path(folder, "xrays"), options.files)
        for number in range(options.rounds):
            for engine, workers in _cases(options.workers):
                out = Path(folder, f"{engine}-{workers}-{number}.parquet")
                rates = _measured(engine, workers, source, out)
                found.setdefault((engine, workers), []).append(rates)
                print(f"{engine:5} {workers} workers: {rates}", flush=True)
    middle = {case: statistics.median(rates.steady for rates in runs) for case, runs in found.items()}
    for workers in sorted({workers for _, workers in middle}):
        print(f"ray beside local, {workers} workers: {middle['ray', workers] / middle['local', workers]:.3f}")
    for engine in ("local", "ray"):
        gain = middle[engine, options.workers] / middle[engine, 1]
        print(f"{engine}, {options.workers} workers beside 1: {gain:.3f}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoring_on_ray", description=__doc__)
    parser.add_argument("--files", type=int, default=500, help="X-rays that are scored (default: 500)")
    parser.add_argument("--rounds", type=int, default=2, help="of which the middle is taken (default: 2)")
    parser.add_argument("--workers", type=int, default=available_cores(), help="beside 1 (default: the cores)")
    return parser.parse_args()


def _cases(workers: int) -> Iterator[tuple[str, int]]:
    for count in sorted({1, workers}):
        yield "local", count
        yield "ray", count


def _xrays(folder: Path, count: int) -> FolderSource:
    folder.mkdir()
    payload = xray_jpeg()
    for number in range(count):
        (folder / f"{number:06}.jpeg").write_bytes(payload)
    return FolderSource(folder, Reading(len(payload)))


def _measured(engine: str, workers: int, source: FolderSource, out: Path) -> Rates:
    settings = Settings(workers=workers)
    model = model_for(settings, TASK)
    layout = layout_of(task_named(TASK), model.artifact, None)
    results = open_results(out, layout)
    run: Callable[[Show], Tally]
    if engine == "ray":
        plan = ClusterPlan(None, (workers, workers), 1, READERS, PICTURES_PER_BLOCK, 600, 512 * MIB)
        run = ClusterRun(source, results, layout, plan, shipment_of(model.artifact, settings, 1, READERS)).run
    else:
        local = Run(model, source, results, layout, Plan(workers, READERS, settings.scheduling_policy.batch))

        def run(show: Show) -> Tally:
            return asyncio.run(local.run(show))

    seen: list[tuple[float, int]] = []
    tally = run(lambda standing: _note(seen, standing))
    results.close()
    # Of each worker's first block most was answered before the first rows were there.
    (start, first), (end, last) = seen[workers - 1], seen[-1]
    return Rates(tally.scored / tally.seconds, (last - first) / (end - start))


def _note(seen: list[tuple[float, int]], standing: Standing) -> None:
    if standing.done:
        seen.append((time.monotonic(), standing.done))


if __name__ == "__main__":
    sys.exit(main())
