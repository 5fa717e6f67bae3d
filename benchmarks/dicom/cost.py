"""`python -m benchmarks.dicom.cost`: what reading a large radiograph takes, in each transfer syntax."""

from functools import partial

import numpy as np

from benchmarks.bombs.cost import costs
from benchmarks.dicom.writing import SYNTAXES, Stored, dicom_file, fits

SIDE = 3000


def radiograph(side: int, bits: int) -> Stored:
    """A picture that compresses about as a radiograph does: soft shapes and the noise of a detector."""
    rows, columns = np.mgrid[0:side, 0:side] / side
    shapes = 0.5 + 0.25 * np.sin(9 * rows) * np.cos(7 * columns) + 0.2 * (rows - 0.5)
    noise = np.random.default_rng(0).normal(0, 0.004, (side, side))
    full = (1 << bits) - 1
    levels = np.clip(np.rint((shapes + noise) * full), 0, full)
    return levels.astype(np.uint8 if bits <= 8 else np.uint16)


def main() -> None:
    """Print a row for each transfer syntax."""
    files = {}
    for syntax in SYNTAXES:
        bits = next(depth for depth in (16, 12, 8) if fits(syntax, depth))
        files[f"{syntax.name}, {bits} bits"] = partial(_file, syntax, bits)
    print(f"| {SIDE:,} x {SIDE:,} pixels | bytes | ms | extra MiB |\n| --- | ---: | ---: | ---: |")
    for name, data, cost in costs(files):
        print(f"| {name} | {len(data):,} | {cost.milliseconds:.0f} | {cost.extra_mib:.0f} |", flush=True)


def _file(syntax: str, bits: int) -> bytes:
    return dicom_file(radiograph(SIDE, bits), syntax, bits=bits)


if __name__ == "__main__":
    main()
