"""A set of inputs to send to one model, as the bytes or texts that a client would send."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from training.datasets.base import Example

Kind = Literal["own", "changed", "stranger"]
"""The model's own kind, the same under a mild change, or nothing that it was made for."""


@dataclass(frozen=True)
class InputSet:
    """Inputs of one sort. `title` says what they are."""

    title: str
    kind: Kind
    payloads: Sequence[bytes | str]


def drawn(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    """Draw so many examples at random, or all if there are fewer; they keep their order."""
    rows = np.random.default_rng(seed).permutation(len(examples))[:count]
    return [examples[row] for row in sorted(rows.tolist())]


def payload_of(example: Example) -> bytes | str:
    """Return a picture file's bytes as they are, an array as PNG, a text as it is."""
    if isinstance(example.payload, Path):
        return example.payload.read_bytes()
    return example.payload if isinstance(example.payload, str) else png(Image.fromarray(example.payload))


def png(picture: Image.Image) -> bytes:
    """Encode a picture without loss."""
    return _encoded(picture, "PNG")


def files_of(pictures: Iterable[Image.Image]) -> list[bytes]:
    """Encode pictures as JPEG and PNG by turns, so that neither format's traces tell a set."""
    return [_encoded(picture, ("JPEG", "PNG")[number % 2]) for number, picture in enumerate(pictures)]


def _encoded(picture: Image.Image, format_: str) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, format_)
    return stream.getvalue()
