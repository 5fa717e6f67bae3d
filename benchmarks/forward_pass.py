"""One input through each released model on one core: the median and the 99th percentile of the time it takes.

python -m benchmarks.forward_pass [--models DIR] [--passes N]
"""

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.serving.artifact import GOLDEN_FILE
from app.serving.engine import Batch, Engine
from app.serving.golden import load_golden
from app.serving.versions import versions_in
from app.tasks import TASKS

WARM_UP = 10


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each task's newest version on golden inputs and print one line a task."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=Path("models"), help="models folder (default: models)")
    parser.add_argument("--passes", type=int, default=200, help="passes timed for each model (default: 200)")
    options = parser.parse_args(arguments)
    use_one_core()
    from app.serving.tensorflow_engine import TensorFlowEngine

    for task in TASKS:
        for version in versions_in(options.models / task.name)[:1]:
            folder = options.models / task.name / str(version)
            inputs = load_golden(folder / GOLDEN_FILE).inputs
            times = pass_times(TensorFlowEngine(folder, threads=1), inputs, options.passes)
            median, last = np.percentile(times * 1000, (50, 99))
            print(f"{task.name} {version}: median {median:.2f} ms, 99th percentile {last:.2f} ms")


def use_one_core() -> None:
    """Keep this process to one core, where the system lets a process choose."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def pass_times(engine: Engine, inputs: Batch, passes: int) -> NDArray[np.float64]:
    """Return the seconds that each of so many single passes took, after a warm-up."""
    times = []
    for number in range(WARM_UP + passes):
        row = number % len(inputs)
        one = inputs[row : row + 1]
        start = time.perf_counter()
        engine.run(one)
        times.append(time.perf_counter() - start)
    return np.array(times[WARM_UP:])


if __name__ == "__main__":
    main()
