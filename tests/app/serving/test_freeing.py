"""Nothing keeps a model that no request uses: it is freed by its last reference, not when the collector comes by."""

import asyncio
import gc
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from pydicom import uid

from app.inputs.errors import BrokenInputError
from app.serving.artifact import open_artifact
from app.serving.engine import Batch, Outputs, Scheduling
from app.serving.linear_text_engine import LinearTextEngine
from app.serving.model import LoadedModel
from app.serving.openvino_engine import OpenVinoEngine
from app.serving.predictor import Predictor, SchedulingPolicy
from app.serving.scheduling.batcher import BatchPolicy
from app.serving.tensorflow_engine import TensorFlowEngine
from app.settings import Settings
from benchmarks.dicom.writing import dicom_file
from helpers.linear_texts import write_linear_text
from helpers.picture_files import cat, encode, noise
from helpers.pictures import png
from helpers.tiny_models import golden_inputs


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("load", [OpenVinoEngine, TensorFlowEngine])
def test_an_engine_of_pictures_is_freed_after_it_answered_and_explained(
    tiny_models: Path, load: type[OpenVinoEngine] | type[TensorFlowEngine]
) -> None:
    engine = load(tiny_models / "pneumonia" / "1")
    assert engine.explain is not None
    engine.run(golden_inputs("pneumonia"))
    engine.explain(golden_inputs("pneumonia"))
    freed = weakref.ref(engine)
    del engine
    assert freed() is None


def test_an_engine_of_texts_is_freed_after_it_answered_and_explained(tmp_path: Path) -> None:
    write_linear_text(tmp_path / "model", tmp_path / "assets")
    engine = LinearTextEngine(tmp_path / "model")
    assert engine.explain is not None
    engine.run(golden_inputs("topic"))
    engine.explain(golden_inputs("topic"))
    freed = weakref.ref(engine)
    del engine
    assert freed() is None


class HalfEngine:
    """Knows nothing: every label is as likely."""

    name = "half"
    explain = None

    def __init__(self, scheduling: Scheduling) -> None:
        self.scheduling = scheduling

    def run(self, batch: Batch) -> Outputs:
        return Outputs(np.full((len(batch), 2), 0.5, np.float32), np.zeros(len(batch), np.float32))


@pytest.mark.parametrize("scheduling", [Scheduling(in_batches=True), Scheduling(), Scheduling(inline_size=1_000_000)])
def test_a_model_is_freed_once_its_requests_are_answered(tiny_models: Path, scheduling: Scheduling) -> None:
    limits = Settings().input_limits
    artifact = open_artifact(tiny_models / "pneumonia" / "1")

    async def answer_and_let_go() -> LoadedModel | None:
        predictor = Predictor(SchedulingPolicy(2, 100, BatchPolicy(8, 0)))
        model = LoadedModel(artifact, HalfEngine(scheduling), limits)
        freed = weakref.ref(model)
        await asyncio.gather(*(predictor.predict(model, [png("L", (9, 9), level)] * 2) for level in range(4)))
        del model
        predictor.close()
        # A worker lets go of its job after it has handed over the result.
        for _ in range(100):
            if freed() is None:
                break
            await asyncio.sleep(0.01)
        return freed()

    assert asyncio.run(answer_and_let_go()) is None


CUT = {name: encode(cat(0.5), name) for name in ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")}
CUT = {name: data[: len(data) * 9 // 10] for name, data in CUT.items()}
CUT["DICOM"] = dicom_file(noise(90, 90), uid.JPEGLosslessSV1)[:-2_000]


def pictures() -> int:
    """How many of Pillow's pictures there are."""
    return sum(isinstance(thing, Image.Image) for thing in gc.get_objects())


@pytest.mark.parametrize("cut", CUT.values(), ids=CUT)
def test_what_was_decoded_of_a_broken_picture_is_freed_though_its_error_is_kept(tiny_models: Path, cut: bytes) -> None:
    artifact = open_artifact(tiny_models / "catdog" / "1")
    model = LoadedModel(artifact, HalfEngine(Scheduling()), Settings().input_limits)
    before = pictures()
    errors = model.predict([cut] * 3)
    assert pictures() == before
    for error in errors:
        assert isinstance(error, BrokenInputError)
        assert (error.__traceback__, error.__cause__, error.__context__) == (None, None, None)


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/predict/catdog", "*/*"), ("/explain/catdog", "image/png"), ("/explain/catdog", "application/json")],
)
def test_what_was_decoded_of_a_broken_picture_is_freed_once_that_is_answered(
    client: httpx.Client, path: str, accept: str
) -> None:
    before = pictures()
    for _ in range(3):
        assert client.post(path, content=CUT["PNG"], headers={"Accept": accept}).status_code == 422
    # A worker lets go of its job after it has handed over the result.
    until = time.monotonic() + 2
    while pictures() > before and time.monotonic() < until:
        time.sleep(0.01)
    assert pictures() == before
