"""Inputs of a model's own kind: its validation split, other forms of it, and it under mild changes."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image

from app.inputs.spec import DigitSpec, ImageSpec, TextSpec
from app.serving.manifest import Manifest
from benchmarks.ood.redrawn import redrawn
from benchmarks.ood.sets import InputSet, drawn, payload_of, png
from training.datasets.base import Example, Source
from training.datasets.pictures import SUFFIXES
from training.datasets.splitting import split_groups
from training.shifts import MILD_SHIFTS

MOST_OWN = 2_000
MOST_CHANGED = 300
SEED = 0

TEXT_CHANGES: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {"the title alone": lambda text: text.strip().split("\n")[0], "in lower case": str.lower}
)


def validation_of(manifest: Manifest, source: Source) -> tuple[Example, ...]:
    """Return the examples that the model's training held out, given the data it was trained on."""
    return split_groups(source, manifest.dataset.validation_fraction, manifest.seed)[1]


def own_sets(manifest: Manifest, validation: Sequence[Example], limit: int) -> Iterator[InputSet]:
    """Draw the model's own kind from its validation split, at most `limit` a set."""
    own = drawn(validation, min(MOST_OWN, limit), SEED)
    yield InputSet("validation, as it is", "own", [payload_of(example) for example in own])
    few = drawn(validation, min(MOST_CHANGED, limit), SEED)
    spec = manifest.input
    if isinstance(spec, TextSpec):
        yield from _changed_texts([str(example.payload) for example in few])
    elif isinstance(spec, ImageSpec):
        yield from _shifted([_opened(payload_of(example), spec.mode) for example in few])
    elif isinstance(spec, DigitSpec):
        pages = redrawn([example.payload for example in few if isinstance(example.payload, np.ndarray)], SEED)
        yield InputSet("validation, redrawn", "own", [png(page) for page in pages])
        yield from _shifted(pages, "redrawn, ")


def original_sizes(folder: Path, limit: int) -> InputSet:
    """Read pictures of the model's own kind at the size that they came in, from a folder and all below it."""
    files = sorted(path for path in folder.rglob("*") if path.name.lower().endswith(SUFFIXES))
    return InputSet("at their original size", "own", [path.read_bytes() for path in files[:limit]])


def _changed_texts(texts: Sequence[str]) -> Iterator[InputSet]:
    for title, change in TEXT_CHANGES.items():
        yield InputSet(title, "changed", [change(text) for text in texts])


def _shifted(pictures: Sequence[Image.Image], prefix: str = "") -> Iterator[InputSet]:
    for shift in MILD_SHIFTS:
        changed = (shift.change(one, np.random.default_rng(row)) for row, one in enumerate(pictures))
        yield InputSet(prefix + shift.name, "changed", [png(picture) for picture in changed])


def _opened(payload: bytes | str, mode: str) -> Image.Image:
    if isinstance(payload, str):
        raise TypeError("a text is no picture")
    return Image.open(io.BytesIO(payload)).convert(mode)
