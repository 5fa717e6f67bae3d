"""Nothing keeps a model that no request uses: it is freed by its last reference, not when the collector comes by."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.serving.artifact import open_artifact
from app.serving.engine import Batch, Outputs, Scheduling
from app.serving.linear_text_engine import LinearTextEngine
from app.serving.model import LoadedModel
from app.serving.openvino_engine import OpenVinoEngine
from app.serving.predictor import Predictor, SchedulingPolicy
from app.serving.scheduling.batcher import BatchPolicy
from app.serving.tensorflow_engine import TensorFlowEngine
from app.settings import Settings
from helpers.linear_texts import write_linear_text
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
