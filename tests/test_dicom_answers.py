"""The committed X-ray model answers the same for an X-ray and for its DICOM files, in every syntax and depth."""

from pathlib import Path

import pytest
from PIL import Image

from app.main import registry_of
from app.serving.model import LoadedModel
from app.settings import Settings
from app.tasks import task_named
from benchmarks.dicom.fidelity import differences
from benchmarks.dicom.writing import LOSSLESS, SYNTAXES
from helpers.dicom_files import radiograph
from helpers.picture_files import encode

MODELS = Path(__file__).parents[1] / "models"
NATIVE = Path(__file__).parents[2] / "shared" / "data" / "chest_xray_native"
MOST = 0.02
MOST_DRAWN = 0.15
"""Of a drawn picture that is compressed with loss: the model is least sure of it, and it is none of its kind."""


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    registry = registry_of(Settings(models_dir=MODELS), [task_named("pneumonia")])
    registry.load()
    return registry.model("pneumonia")


def test_a_drawn_x_ray_gets_the_same_answer_in_every_syntax_and_depth(model: LoadedModel) -> None:
    found = differences([encode(Image.fromarray(radiograph(240, 300)), "JPEG", quality=95)], model)
    assert [row.syntax for row in found] == list(SYNTAXES)
    for row in found:
        if row.syntax in LOSSLESS:
            assert (row.files, row.probability) == (10, 0), row
        else:
            assert row.probability <= MOST_DRAWN, row
        assert row.flipped == 0


@pytest.mark.skipif(not NATIVE.is_dir(), reason="the X-rays are not at hand")
def test_real_x_rays_get_the_same_answer_in_every_syntax_and_depth(model: LoadedModel) -> None:
    smallest = sorted(NATIVE.rglob("*.jpeg"), key=lambda path: path.stat().st_size)[:2]
    found = differences([path.read_bytes() for path in smallest], model)
    assert max(row.probability for row in found) <= MOST, found
    assert sum(row.flipped for row in found) == 0
