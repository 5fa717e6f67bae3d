"""Tiny models, made once for all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from helpers.tested_service import TESTED_MODELS
from helpers.tiny_models import write_models

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with version 1 of each task. Read only: take a copy to change it."""
    if TESTED_MODELS in os.environ:
        return Path(os.environ[TESTED_MODELS])
    root = tmp_path_factory.mktemp("tiny") / "models"
    write_models(root)
    return root
