"""Golden inputs: pictures drawn and texts written for the purpose, which every engine must answer as at export."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from app.inputs.digit import normalise_digit
from app.inputs.image import fit_image
from app.inputs.spec import DigitSpec, ImageSpec, InputSpec
from training.golden_texts import SENTENCES

COUNT = 12
SIDE = 256


def golden_inputs(
    spec: InputSpec, probabilities_of: Callable[[NDArray[Any]], NDArray[np.float32]], seed: int
) -> NDArray[Any]:
    """Return `COUNT` inputs for a spec, chosen from a pool so that the model's answers spread over its labels."""
    pool = _pool(spec, np.random.default_rng(seed))
    return pool[_spread(probabilities_of(pool))]


def _pool(spec: InputSpec, rng: np.random.Generator) -> NDArray[Any]:
    match spec:
        case ImageSpec():
            return np.stack([fit_image(picture, spec) for picture in _pictures(rng)])
        case DigitSpec():
            return np.stack([normalise_digit(np.asarray(picture)) for picture in _digits(rng)])
        case _:
            return np.array(SENTENCES, dtype=object)


def _spread(probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
    """Take in turn from each answered label its next example, the surest first."""
    answered = probabilities.argmax(1)
    order = np.argsort(-probabilities.max(1), kind="stable")
    ranks = {label: [i for i in order if answered[i] == label] for label in np.unique(answered)}
    turns = [member[turn] for turn in range(len(order)) for member in ranks.values() if turn < len(member)]
    return np.array(turns[:COUNT])


def _digits(rng: np.random.Generator) -> Iterator[Image.Image]:
    """Yield each digit, drawn with a font in two sizes, upright and leaning."""
    for size in (90, 140):
        for digit in "0123456789":
            page = Image.new("L", (SIDE, SIDE), 255)
            draw = ImageDraw.Draw(page)
            draw.text((SIDE / 2, SIDE / 2), digit, 0, ImageFont.load_default(size), anchor="mm", stroke_width=3)
            yield page.rotate(float(rng.uniform(-12, 12)), fillcolor=255)


def _pictures(rng: np.random.Generator) -> Iterator[Image.Image]:
    """Yield photographs that scikit-image ships, gradients, noise, shapes, and drawings of a chest's light and dark."""
    from skimage import data

    for photograph in (
        data.chelsea(),
        data.astronaut(),
        data.coffee(),
        data.rocket(),
        data.page(),
        data.camera(),
    ):
        yield Image.fromarray(photograph).convert("RGB")
    cat = Image.fromarray(data.chelsea())
    yield cat.crop((100, 20, 360, 280))
    yield cat.crop((0, 0, 200, 200)).rotate(90)
    for sigma in (1, 4, 16):
        noise = Image.fromarray(rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8))
        yield noise.filter(ImageFilter.GaussianBlur(sigma))
    ramp = np.linspace(0, 255, SIDE).astype(np.uint8)
    yield Image.fromarray(np.tile(ramp, (SIDE, 1))).convert("RGB")
    for haze in np.linspace(0, 0.9, 10):
        yield _chest(rng, float(haze))
    for _ in range(6):
        yield _shapes(rng)


def _chest(rng: np.random.Generator, haze: float) -> Image.Image:
    """Draw two dark fields beside a bright column, with ribs and, as `haze` grows to 1, light patches in the fields."""
    page = Image.new("L", (SIDE, SIDE), 150)
    draw = ImageDraw.Draw(page)
    for left in (40, 146):
        draw.ellipse((left, 40, left + 70, 215), fill=int(40 + 60 * haze))
        for rib in range(60, 210, 22):
            draw.arc((left - 15, rib - 30, left + 85, rib + 25), 200, 340, fill=120, width=4)
        for _ in range(int(haze * 12)):
            x, y = rng.uniform(left, left + 60), rng.uniform(60, 190)
            draw.ellipse((x, y, x + 24, y + 24), fill=170)
    draw.rectangle((116, 10, 140, 250), fill=215)
    draw.ellipse((105, 130, 190, 225), fill=205)
    grain = rng.normal(0, 5, (SIDE, SIDE))
    smooth = np.asarray(page.filter(ImageFilter.GaussianBlur(5)), np.float64)
    return Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8)).convert("RGB")


def _shapes(rng: np.random.Generator) -> Image.Image:
    page = Image.new("RGB", (SIDE, SIDE), tuple(int(c) for c in rng.integers(0, 256, 3)))
    draw = ImageDraw.Draw(page)
    for _ in range(8):
        x, y, size = rng.uniform(0, SIDE), rng.uniform(0, SIDE), rng.uniform(20, 120)
        draw.ellipse(
            (x - size / 2, y - size / 2, x + size / 2, y + size),
            tuple(int(c) for c in rng.integers(0, 256, 3)),
        )
    draw.text((20, 100), "Quartet", (255, 255, 255), ImageFont.load_default(48))
    return page.filter(ImageFilter.GaussianBlur(1))
