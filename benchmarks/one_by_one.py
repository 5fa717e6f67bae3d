"""Digits found a second by threads side by side, as they come and one by one: `python -m benchmarks.one_by_one`.

What `SMALL_PIXELS` of `app.inputs.one_by_one` rests on.
"""

import argparse
import io
import sys
import threading
import time
from contextlib import AbstractContextManager, nullcontext

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.inputs.digit import normalise_digit
from benchmarks.speed.inputs import digit_png

SIDES = (64, 128, 192, 256, 320, 400, 512)
THREADS = (2, 4)


def main() -> int:
    """Print a table of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.one_by_one", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2, help="of each figure (default: 2)")
    seconds = parser.parse_args().seconds
    print("| pixels each way | 1 thread |", " | ".join(f"{n} threads | one by one" for n in THREADS), "|")
    print("| --- |" + " --- |" * (1 + 2 * len(THREADS)))
    drawn = Image.open(io.BytesIO(digit_png())).convert("L")
    for side in SIDES:
        grey = np.asarray(drawn.resize((side, side), Image.Resampling.BICUBIC))
        rates = [found(grey, 1, nullcontext(), seconds)]
        for threads in THREADS:
            rates += [found(grey, threads, order, seconds) for order in (nullcontext(), threading.Lock())]
        print(f"| {side} |", " | ".join(f"{rate:,.0f}" for rate in rates), "|")
    return 0


def found(grey: NDArray[np.uint8], threads: int, order: AbstractContextManager[object], seconds: float) -> float:
    """Return how often a second so many threads together find the digit in `grey` `[H, W]`, each within `order`."""
    counts = [0] * threads
    end = time.perf_counter() + seconds

    def find(number: int) -> None:
        while time.perf_counter() < end:
            with order:
                normalise_digit(grey)
            counts[number] += 1

    workers = [threading.Thread(target=find, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / seconds


if __name__ == "__main__":
    sys.exit(main())
