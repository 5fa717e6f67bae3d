"""Shifts: named changes that a picture from another camera, archive or upload may have, applied to a whole split.

A validation split cut from the training pictures shares their make. Under these changes it shows what a recipe leans
on (after Hendrycks and Dietterich 2019, arXiv:1903.12261). A mild shift is what an ordinary upload may bring, a strong
one what a model should still withstand.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

Change = Callable[[Image.Image, np.random.Generator], Image.Image]


@dataclass(frozen=True)
class Shift:
    """One change. `name` is said in reports."""

    name: str
    change: Change

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Change pictures uint8 `[N, H, W, C]`, C 1 or 3; the same pictures give the same result each time."""
        return np.stack([self._one(image, np.random.default_rng(row)) for row, image in enumerate(images)])

    def _one(self, image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        grey = image.shape[-1] == 1
        changed = np.asarray(self.change(Image.fromarray(image[..., 0] if grey else image), rng), np.uint8)
        return changed[..., None] if grey else changed


def _blur(sigma: float) -> Change:
    return lambda picture, _: picture.filter(ImageFilter.GaussianBlur(sigma))


def _sharpen(percent: int) -> Change:
    return lambda picture, _: picture.filter(ImageFilter.UnsharpMask(2, percent, 0))


def _jpeg(quality: int) -> Change:
    def change(picture: Image.Image, _: np.random.Generator) -> Image.Image:
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=quality)
        return Image.open(stream)

    return change


def _crop(kept: float) -> Change:
    """Keep the middle share of each side."""

    def change(picture: Image.Image, _: np.random.Generator) -> Image.Image:
        width, height = picture.size
        across, down = width * (1 - kept) / 2, height * (1 - kept) / 2
        box = (across, down, width - across, height - down)
        return picture.resize(picture.size, Image.Resampling.BILINEAR, box=box)

    return change


def _border(share: float) -> Change:
    """Shrink the picture into a black border of that share of each side."""

    def change(picture: Image.Image, _: np.random.Generator) -> Image.Image:
        width, height = picture.size
        inner = (round(width * (1 - 2 * share)), round(height * (1 - 2 * share)))
        framed = Image.new(picture.mode, picture.size)
        framed.paste(
            picture.resize(inner, Image.Resampling.BILINEAR),
            ((width - inner[0]) // 2, (height - inner[1]) // 2),
        )
        return framed

    return change


def _gamma(power: float) -> Change:
    table = [round(255 * (level / 255) ** power) for level in range(256)]
    return lambda picture, _: picture.point(table * len(picture.getbands()))


def _contrast(factor: float) -> Change:
    return lambda picture, _: ImageEnhance.Contrast(picture).enhance(factor)


def _equalise(share: float) -> Change:
    """Blend in the picture with its histogram made even, as an archive's automatic contrast does."""
    return lambda picture, _: Image.blend(picture, ImageOps.equalize(picture), share)


def _noise(sigma: float) -> Change:
    def change(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
        pixels: NDArray[Any] = np.asarray(picture, np.float32)
        noisy = pixels + rng.normal(0.0, sigma, pixels.shape)
        return Image.fromarray(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))

    return change


def _coarse(side: float) -> Change:
    """Lose detail: shrink the sides to that share and enlarge again."""

    def change(picture: Image.Image, _: np.random.Generator) -> Image.Image:
        small = (round(picture.width * side), round(picture.height * side))
        return picture.resize(small, Image.Resampling.BILINEAR).resize(picture.size, Image.Resampling.BICUBIC)

    return change


def _turn(degrees: float) -> Change:
    return lambda picture, _: picture.rotate(degrees, Image.Resampling.BILINEAR)


MILD_SHIFTS = (
    Shift("blur, sigma 0.8", _blur(0.8)),
    Shift("sharpened 60 %", _sharpen(60)),
    Shift("JPEG quality 60", _jpeg(60)),
    Shift("middle 94 %", _crop(0.94)),
    Shift("black border 3 %", _border(0.03)),
    Shift("lighter, gamma 0.8", _gamma(0.8)),
    Shift("darker, gamma 1.25", _gamma(1.25)),
    Shift("contrast x 0.8", _contrast(0.8)),
    Shift("contrast x 1.2", _contrast(1.2)),
    Shift("equalised by a third", _equalise(1 / 3)),
    Shift("noise, sigma 4", _noise(4.0)),
    Shift("half resolution", _coarse(0.5)),
    Shift("turned 4 degrees", _turn(4.0)),
)

STRONG_SHIFTS = (
    Shift("blur, sigma 1.6", _blur(1.6)),
    Shift("sharpened 150 %", _sharpen(150)),
    Shift("JPEG quality 25", _jpeg(25)),
    Shift("middle 85 %", _crop(0.85)),
    Shift("black border 8 %", _border(0.08)),
    Shift("lighter, gamma 0.6", _gamma(0.6)),
    Shift("darker, gamma 1.6", _gamma(1.6)),
    Shift("contrast x 0.6", _contrast(0.6)),
    Shift("contrast x 1.5", _contrast(1.5)),
    Shift("equalised", _equalise(1.0)),
    Shift("noise, sigma 10", _noise(10.0)),
    Shift("third of the resolution", _coarse(1 / 3)),
    Shift("turned 10 degrees", _turn(10.0)),
)
