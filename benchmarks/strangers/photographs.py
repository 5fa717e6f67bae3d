"""Photographs that scikit-image and scikit-learn ship, whole and in crops, upright and mirrored."""

import importlib.util
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

# Their own licences allow passing them on, and come with the packages. Left out: the cat `chelsea.png`, drawings,
# and what a microscope or an X-ray tube made.
_FILES = {
    "skimage": (
        "data/astronaut.png", "data/brick.png", "data/camera.png", "data/clock_motion.png", "data/coffee.png",
        "data/coins.png", "data/grass.png", "data/gravel.png", "data/hubble_deep_field.jpg", "data/moon.png",
        "data/motorcycle_left.png", "data/rocket.jpg",
    ),
    "sklearn": ("datasets/images/china.jpg", "datasets/images/flower.jpg"),
}  # fmt: skip
LEAST_CROP = 0.4


def shipped() -> list[Image.Image]:
    """Read every photograph that is installed.

    Raises:
        FileNotFoundError: a package that ships them is missing.
    """
    return [_read(_folder(package) / name) for package, names in _FILES.items() for name in names]


def photographs(count: int, seed: int, *, colour: bool) -> list[Image.Image]:
    """Return so many crops of 40 to 100 % of each side, half mirrored; only of colour pictures, or of all."""
    rng = np.random.default_rng(seed)
    whole = [picture for picture in shipped() if not colour or picture.mode == "RGB"]
    return [_crop(whole[number % len(whole)], rng) for number in range(count)]


def _crop(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    width, height = (max(1, round(side * float(rng.uniform(LEAST_CROP, 1)))) for side in picture.size)
    left, top = int(rng.integers(picture.width - width + 1)), int(rng.integers(picture.height - height + 1))
    cropped = picture.crop((left, top, left + width, top + height))
    return ImageOps.mirror(cropped) if rng.random() < 0.5 else cropped


def _read(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        picture.load()
    return picture


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"{package} is not installed: the training extra has it")
    return Path(spec.origin).parent
