"""Which data set each task learns from."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from training.datasets import cats_dogs, chest_xray, mnist, reuters
from training.datasets.base import Source

SOURCES: Mapping[str, Callable[[Path | None], Source]] = MappingProxyType(
    {
        "topic": reuters.discover,
        "digit": mnist.discover,
        "catdog": cats_dogs.discover,
        "pneumonia": chest_xray.discover,
    }
)


def find_source(task: str, path: Path | None) -> Source:
    """Find a task's data at `path`, or download it where `path` is None and that is possible.

    Raises:
        DatasetError: nothing usable is there; the message says what was found and what was expected.
        KeyError: there is no such task.
    """
    return SOURCES[task](path)
