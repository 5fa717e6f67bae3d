"""Strangers out of the user's own data: what is one task's is strange to the others."""

from pathlib import Path

import numpy as np
from PIL import Image

SUFFIXES = frozenset((".jpg", ".jpeg", ".png"))


def pictures_below(folder: Path, count: int, seed: int) -> list[bytes]:
    """Read so many picture files, drawn at random from a folder and all below it.

    Raises:
        FileNotFoundError: there are none.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not files:
        raise FileNotFoundError(f"{folder} has no pictures")
    chosen = np.random.default_rng(seed).permutation(len(files))[:count]
    return [files[index].read_bytes() for index in sorted(chosen.tolist())]


def digits_in(archive: Path, count: int, seed: int) -> list[Image.Image]:
    """Draw so many digits from the array `x_train`, uint8 `[N, 28, 28]`, of an NPZ archive."""
    with np.load(archive) as arrays:
        pixels = arrays["x_train"]
    chosen = np.random.default_rng(seed).permutation(len(pixels))[:count]
    return [Image.fromarray(pixels[index]) for index in chosen.tolist()]
