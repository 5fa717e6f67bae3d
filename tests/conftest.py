"""Tiny models, made once for all tests."""

from pathlib import Path

import pytest

from helpers.tiny_models import write_models


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with version 1 of each task. Read only: take a copy to change it."""
    root = tmp_path_factory.mktemp("tiny") / "models"
    write_models(root)
    return root
