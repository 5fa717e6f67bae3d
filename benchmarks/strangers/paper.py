"""What a camera or a scanner makes of a sheet of paper: tone, texture, vignette, a slight turn."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def photographed(page: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Photograph a page, uint8 `[H, W]`, black on white: turned by up to 3 degrees, lit, greyed, with noise."""
    turned = Image.fromarray(page).rotate(
        float(rng.uniform(-3, 3)), Image.Resampling.BICUBIC, fillcolor=int(np.median(page))
    )
    height, width = page.shape
    lightest, darkest = rng.uniform(185, 255), rng.uniform(0, 70)
    levels = darkest + (lightest - darkest) * np.asarray(turned, np.float64) / 255
    levels *= vignette(height, width, rng)
    levels += texture(height, width, rng) + rng.normal(0, rng.uniform(0, 5), (height, width))
    return np.rint(np.clip(levels, 0, 255)).astype(np.uint8)


def blank_sheets(count: int, seed: int) -> list[Image.Image]:
    """Photograph so many empty sheets, from pure white to dark, textured and unevenly lit."""
    rng = np.random.default_rng(seed)
    sheets = []
    for _ in range(count):
        height, width = rng.integers(100, 800, 2).tolist()
        if rng.random() < 0.15:
            level = int(rng.choice((0, 255, int(rng.integers(0, 256)))))
            sheets.append(Image.new("L", (width, height), level))
        else:
            sheets.append(Image.fromarray(photographed(np.full((height, width), 255, np.uint8), rng)))
    return sheets


def vignette(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Light that falls by up to 35 % from a point near the middle to the farthest corner: `[H, W]` of 0.65 to 1."""
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    down, across = rng.uniform(-0.5, 0.5, 2)
    away = (rows - down) ** 2 + (columns - across) ** 2
    light: NDArray[np.float64] = 1 - rng.uniform(0, 0.35) * away / away.max()
    return light


def texture(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Fibres and stains: smooth noise at two scales, `[H, W]`, within about 8 levels."""
    total = np.zeros((height, width))
    for cell in (rng.uniform(3, 8), rng.uniform(30, 120)):
        grid = rng.normal(0, rng.uniform(0, 3), (max(2, int(height / cell)), max(2, int(width / cell))))
        total += np.asarray(Image.fromarray(grid.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC))
    return total
