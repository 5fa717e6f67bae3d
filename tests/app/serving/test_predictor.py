import asyncio
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from app.inputs.decoding import SMALL_PIXELS, DecodingRoom
from app.inputs.errors import InputError
from app.serving.artifact import open_artifact
from app.serving.engine import Batch, Outputs, Scheduling
from app.serving.errors import OverloadedError
from app.serving.model import LoadedModel, Prediction
from app.serving.predictor import Predictor, SchedulingPolicy
from app.serving.scheduling.batcher import BatchPolicy
from app.settings import Settings
from helpers.pictures import png

LIMITS = Settings().input_limits


@dataclass
class BrightnessEngine:
    """Answers with each picture's brightness; keeps its batches' sizes and the threads they ran on."""

    scheduling: Scheduling
    name = "brightness"
    explain = None
    gate: threading.Event = field(default_factory=threading.Event)
    sizes: list[int] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)

    def run(self, batch: Batch) -> Outputs:
        self.gate.wait(10)
        self.sizes.append(len(batch))
        self.threads.add(threading.get_ident())
        brightness = batch.astype(np.float32).mean((1, 2, 3)) / 255
        return Outputs(np.stack([1 - brightness, brightness], -1), np.zeros(len(batch), np.float32))


def policy(workers: int = 2, max_queue: int = 100, size: int = 8) -> SchedulingPolicy:
    return SchedulingPolicy(workers, max_queue, BatchPolicy(size, 0))


def model_of(models: Path, scheduling: Scheduling, blocked: bool = False) -> tuple[LoadedModel, BrightnessEngine]:
    engine = BrightnessEngine(scheduling)
    if not blocked:
        engine.gate.set()
    return LoadedModel(open_artifact(models / "pneumonia" / "1"), engine, LIMITS), engine


def brightness_of(results: list[Prediction | InputError]) -> list[object]:
    return [
        round(255 * item.probabilities["PNEUMONIA"]) if isinstance(item, Prediction) else type(item).__name__
        for item in results
    ]


@pytest.mark.parametrize("scheduling", [Scheduling(), Scheduling(in_batches=True)])
def test_many_inputs_are_answered_in_order_and_a_bad_one_has_its_error_at_its_place(
    tiny_models: Path, scheduling: Scheduling
) -> None:
    model, _ = model_of(tiny_models, scheduling)
    payloads: list[bytes | str] = [png("L", (9, 9), level) for level in range(50)]
    payloads[7] = b""

    async def ask() -> list[Prediction | InputError]:
        predictor = Predictor(policy())
        try:
            return await predictor.predict(model, payloads)
        finally:
            predictor.close()

    expected: list[object] = [*range(7), "EmptyInputError", *range(8, 50)]
    assert brightness_of(asyncio.run(ask())) == expected


def test_inputs_of_several_requests_are_run_together_where_the_engine_likes_it(tiny_models: Path) -> None:
    model, engine = model_of(tiny_models, Scheduling(in_batches=True), blocked=True)

    async def ask() -> list[list[Prediction | InputError]]:
        predictor = Predictor(policy(workers=1))
        asked = [asyncio.ensure_future(predictor.predict(model, [png("L", (9, 9), level)])) for level in range(8)]
        await asyncio.sleep(0.1)
        engine.gate.set()
        try:
            return await asyncio.gather(*asked)
        finally:
            predictor.close()

    answers = asyncio.run(ask())
    assert [brightness_of(answer) for answer in answers] == [[level] for level in range(8)]
    assert sum(engine.sizes) == 8
    assert max(engine.sizes) > 1


def test_inputs_beyond_the_queue_are_refused_at_once_and_those_inside_are_answered(tiny_models: Path) -> None:
    model, engine = model_of(tiny_models, Scheduling(), blocked=True)
    picture = png("L", (9, 9), 9)

    async def ask() -> list[object]:
        predictor = Predictor(policy(workers=1, max_queue=2))
        inside = [asyncio.ensure_future(predictor.predict(model, [picture])) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError):
            await asyncio.wait_for(predictor.predict(model, [picture]), 1)
        engine.gate.set()
        answers: list[object] = [brightness_of(answer) for answer in await asyncio.gather(*inside)]
        answers.append(brightness_of(await predictor.predict(model, [picture])))
        predictor.close()
        return answers

    assert asyncio.run(ask()) == [[9]] * 4


def test_a_request_of_many_inputs_leaves_turns_to_others(tiny_models: Path) -> None:
    model, _ = model_of(tiny_models, Scheduling())
    finished: list[str] = []

    async def ask() -> None:
        predictor = Predictor(policy(workers=1, max_queue=200))

        async def request(name: str, count: int) -> None:
            await predictor.predict(model, [png("L", (9, 9), 1)] * count)
            finished.append(name)

        many = asyncio.ensure_future(request("many", 64))
        await asyncio.sleep(0)
        await asyncio.gather(many, request("one", 1))
        predictor.close()

    asyncio.run(ask())
    assert finished == ["one", "many"]


def test_a_small_request_is_answered_on_the_event_loop_only_where_the_engine_says_so(tiny_models: Path) -> None:
    picture = png("L", (9, 9), 9)

    async def ask(model: LoadedModel) -> int:
        predictor = Predictor(policy())
        await predictor.predict(model, [picture])
        predictor.close()
        return threading.get_ident()

    for limit, inline in ((len(picture), True), (len(picture) - 1, False)):
        model, engine = model_of(tiny_models, Scheduling(inline_size=limit))
        assert (engine.threads == {asyncio.run(ask(model))}) is inline
        assert len(engine.threads) == 1


def test_a_large_picture_that_waits_for_room_is_not_read_once_it_was_given_up(tiny_models: Path) -> None:
    limits = replace(LIMITS, decoding=DecodingRoom(SMALL_PIXELS))
    model, engine = model_of(tiny_models, Scheduling())
    model = replace(model, limits=limits)
    large = png("L", (2_400, 2_400), 200)

    async def ask() -> list[Prediction | InputError]:
        predictor = Predictor(policy(workers=1))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(predictor.predict(model, [large]), 0.3)
        # Its worker is free though there is no room yet.
        answers = await asyncio.wait_for(predictor.predict(model, [png("L", (9, 9), 9)]), 20)
        predictor.close()
        return answers

    with limits.decoding.taken(2 * SMALL_PIXELS):
        assert brightness_of(asyncio.run(ask())) == [9]
    assert engine.sizes == [1]
