"""Where in the data folder each task's data set lies."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from training.datasets.base import Source
from training.datasets.catalogue import find_source

FOLDERS: Mapping[str, str] = MappingProxyType(
    {"topic": "reuters", "digit": "mnist", "catdog": "cats_dogs", "pneumonia": "chest_xray"}
)
ORIGINALS: Mapping[str, str] = MappingProxyType({"pneumonia": "chest_xray_native"})
"""Pictures of a task's data set at the size that they came in."""


def find_sources(data: Path) -> dict[str, Source]:
    """Find each task's data set below a folder; those whose folder is missing are left out.

    Raises:
        DatasetError: a folder is there and holds nothing usable.
    """
    return {task: find_source(task, data / name) for task, name in FOLDERS.items() if (data / name).is_dir()}
