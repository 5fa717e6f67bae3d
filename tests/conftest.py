"""Tiny models, made once for all tests."""

from pathlib import Path

import pytest
from hypothesis import settings

from helpers.tiny_models import write_models

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with version 1 of each task. Read only: take a copy to change it."""
    root = tmp_path_factory.mktemp("tiny") / "models"
    write_models(root)
    return root
