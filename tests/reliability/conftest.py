"""The committed models that start fastest."""

from pathlib import Path

import pytest

MODELS = Path(__file__).resolve().parents[2] / "models"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A models folder with the committed models of topics and digits."""
    folder = tmp_path / "models"
    folder.mkdir()
    for task in ("topic", "digit"):
        (folder / task).symlink_to(MODELS / task)
    return folder
