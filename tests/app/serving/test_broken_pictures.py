"""What was decoded of a picture before it turned out to be broken is not kept: its error is, in a batch for long."""

import gc
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from pydicom import uid

from app.inputs.errors import BrokenInputError
from app.inputs.limits import InputLimits
from app.serving.model import load_model
from app.serving.tensorflow_engine import TensorFlowEngine
from benchmarks.dicom.writing import dicom_file
from helpers.picture_files import cat, encode, noise

CUT = {name: encode(cat(0.5), name) for name in ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")}
CUT = {name: data[: len(data) * 9 // 10] for name, data in CUT.items()}
CUT["DICOM"] = dicom_file(noise(90, 90), uid.JPEGLosslessSV1)[:-2_000]


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[weakref.ref[Image.Image]]:
    """The pictures that are opened from now on."""
    found: list[weakref.ref[Image.Image]] = []
    open_one = Image.open

    def open_and_keep(*arguments: Any, **options: Any) -> Image.Image:
        picture = open_one(*arguments, **options)
        found.append(weakref.ref(picture))
        return picture

    monkeypatch.setattr(Image, "open", open_and_keep)
    return found


@pytest.mark.parametrize("kind", CUT)
def test_what_was_decoded_of_a_broken_picture_is_freed_though_its_error_is_kept(
    tiny_models: Path, opened: list[weakref.ref[Image.Image]], kind: str
) -> None:
    model = load_model(tiny_models / "catdog" / "1", TensorFlowEngine, InputLimits())
    errors = model.predict([CUT[kind]] * 3)
    # Of the others there is nothing left to open.
    assert len(opened) == (3 if kind not in {"DICOM", "WEBP"} else 0)
    assert [picture() for picture in opened if picture() is not None] == []
    for error in errors:
        assert isinstance(error, BrokenInputError)
        assert (error.__traceback__, error.__cause__, error.__context__) == (None, None, None)


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/predict/catdog", "*/*"), ("/explain/catdog", "image/png"), ("/explain/catdog", "application/json")],
)
def test_what_was_decoded_of_a_broken_picture_is_freed_once_that_is_answered(
    address: str, opened: list[weakref.ref[Image.Image]], path: str, accept: str
) -> None:
    for _ in range(3):
        answer = httpx.post(f"{address}{path}", content=CUT["PNG"], headers={"Accept": accept}, timeout=30)
        assert answer.status_code == 422
    assert len(opened) == 3
    # A worker lets go of its job after it has handed over the result.
    until = time.monotonic() + 2
    while any(picture() for picture in opened) and time.monotonic() < until:
        time.sleep(0.01)
    assert [picture() for picture in opened if picture() is not None] == []
