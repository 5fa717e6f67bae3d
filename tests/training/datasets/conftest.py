"""Pictures to fill the folders that the data set tests read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

Draw = Callable[..., Path]


@pytest.fixture(scope="session")
def draw() -> Draw:
    """Draw ellipses, different for every seed, and save them in the format that the path's suffix names."""

    def draw_picture(path: Path, seed: int = 0, mode: str = "RGB") -> Path:
        rng = np.random.default_rng(seed)
        picture = Image.new("RGB", (48, 40), tuple(rng.integers(0, 256, 3).tolist()))
        pen = ImageDraw.Draw(picture)
        for _ in range(4):
            left, top = rng.integers(0, 30, 2).tolist()
            pen.ellipse((left, top, left + 15, top + 9), fill=tuple(rng.integers(0, 256, 3).tolist()))
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.convert(mode).save(path)
        return path

    return draw_picture
