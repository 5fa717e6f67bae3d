"""`python -m benchmarks.distributed_training`: seconds an epoch of one worker and of two, each on one core.

Of a recipe that fits in several stages the first is timed.

python -m benchmarks.distributed_training pneumonia --recipe reference-v3 --data DATA/chest_xray --limit 1000
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CORES = (0, 1)
EPOCHS = 4
"""The first of them is not counted: TensorFlow builds its graphs in it."""
LIMIT = 600.0
POLL = 0.005
STATE_FILE = "state.json"
"""What `training.checkpoint` writes after each epoch."""


def main() -> None:
    """Time both and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", help="what `quartet train` is to train; its options follow")
    task, options = parser.parse_known_args()
    one, two = (seconds_an_epoch([task.task, *options], workers) for workers in (1, 2))
    print(f"1 worker {one:.2f} s an epoch, 2 workers {two:.2f} s: {one / two:.2f} times as fast")


def seconds_an_epoch(options: list[str], workers: int) -> float:
    """Return the mean time between the checkpoints of a run by so many workers, each on a core of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["train", *options, "--epochs", str(EPOCHS), "--run", folder, "--quiet"]
        processes = [
            _on_core(core, [*command, *_distribution(index, addresses)])
            for addresses in [_addresses(workers)]
            for index, core in enumerate(CORES[:workers])
        ]
        try:
            return _watch(Path(folder), processes)
        finally:
            for process in processes:
                process.kill()
                process.wait()


def _on_core(core: int, arguments: list[str]) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(  # noqa: S603 - this project's own command
        [sys.executable, "-m", "app.cli", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # Python has not imported TensorFlow yet, which counts the cores for its threads.
    os.sched_setaffinity(process.pid, {core})
    return process


def _distribution(index: int, addresses: list[str]) -> list[str]:
    return ["--distribute", ",".join(addresses), "--worker", str(index)] if len(addresses) > 1 else []


def _addresses(count: int) -> list[str]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{one.getsockname()[1]}" for one in held]
    for one in held:
        one.close()
    return addresses


def _watch(folder: Path, processes: list["subprocess.Popen[bytes]"]) -> float:
    ends: dict[int, float] = {}
    limit = time.monotonic() + LIMIT
    stage: Path | None = None
    while len(ends) < EPOCHS:
        if time.monotonic() > limit or any(process.poll() is not None for process in processes):
            raise SystemExit(f"a worker ended before its {EPOCHS} epochs, or they took more than {LIMIT:.0f} s")
        time.sleep(POLL)
        stage = stage or next(folder.rglob(STATE_FILE), None)
        if stage is not None:
            ends.setdefault(json.loads(stage.read_text(encoding="utf-8"))["epoch"], time.monotonic())
    return (ends[EPOCHS] - ends[1]) / (EPOCHS - 1)


if __name__ == "__main__":
    main()
