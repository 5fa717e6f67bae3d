"""Which data set each task learns from."""

from pathlib import Path

from training.datasets.base import Source
from training.recipes.catalogue import training_of


def find_source(task: str, path: Path | None) -> Source:
    """Find a task's data at `path`, or download it where `path` is None and that is possible.

    Raises:
        DatasetError: nothing usable is there; the message says what was found and what was expected.
        ConfigurationError: there is no such task.
    """
    return training_of(task).discover(path)
