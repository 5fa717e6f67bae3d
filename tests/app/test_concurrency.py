import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest

from app.main import create_app
from app.serving.artifact import open_artifact
from app.serving.engine import Batch, Outputs, Scheduling
from app.serving.model import LoadedModel
from app.serving.registry import Registry
from app.settings import Settings
from helpers.pictures import png
from helpers.servers import serving
from helpers.tiny_models import cat_probability, pneumonia_probability, topic_of


def ask(address: str, number: int) -> None:
    """Send one request whose answer can be worked out, of another kind for each number, and check the answer."""
    level = 8 * (number % 32)
    match number % 3:
        case 0:
            answer = httpx.post(f"{address}/predict/topic", json={"text": "x" * (number + 1)}, timeout=30).json()
            assert answer["label"] == topic_of("x" * (number + 1))
        case 1:
            answer = httpx.post(f"{address}/predict/pneumonia", content=png("L", (50, 50), level), timeout=30).json()
            expected = pneumonia_probability(level)
            assert answer["probabilities"]["PNEUMONIA"] == pytest.approx(expected, abs=1e-3)
        case _:
            picture = png("RGB", (40, 40), (level, 0, 100))
            answer = httpx.post(f"{address}/predict/catdog", files={"file": picture}, timeout=30).json()
            assert answer["probabilities"]["cat"] == pytest.approx(cat_probability(level, 100), abs=1e-3)


def test_32_requests_at_once_each_get_their_own_answer(address: str) -> None:
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda number: ask(address, number), range(96)))


class BlockedEngine:
    """Answers nothing until it is released."""

    name = "blocked"
    scheduling = Scheduling()
    explain = None

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.released = threading.Event()

    def run(self, batch: Batch) -> Outputs:
        self.entered.set()
        assert self.released.wait(20)
        return Outputs(np.full((len(batch), 2), 0.5, np.float32), np.zeros(len(batch), np.float32))


def test_other_calls_are_answered_while_a_model_is_busy(tiny_models: Path) -> None:
    engine = BlockedEngine()
    settings = Settings(models_dir=tiny_models / "nowhere", workers=1)
    artifact = open_artifact(tiny_models / "catdog" / "1")
    app = create_app(settings)
    with serving(app) as at, ThreadPoolExecutor(1) as pool:
        registry = Registry(tiny_models, lambda _: LoadedModel(artifact, engine, settings.input_limits))
        registry.load()
        app.state.registry = registry
        busy = pool.submit(httpx.post, f"{at}/predict/catdog", content=png("RGB", (9, 9), (1, 1, 1)), timeout=30)
        try:
            assert engine.entered.wait(10)
            assert httpx.get(f"{at}/health/live", timeout=5).status_code == 200
            assert not busy.done()
        finally:
            engine.released.set()
        assert busy.result().status_code == 200


def test_requests_beyond_the_queue_are_refused_at_once_and_told_when_to_try_again(tiny_models: Path) -> None:
    engine = BlockedEngine()
    settings = Settings(models_dir=tiny_models / "nowhere", workers=1, max_queue=1)
    app = create_app(settings)
    picture = png("RGB", (9, 9), (1, 1, 1))
    with serving(app) as at, ThreadPoolExecutor(2) as pool:
        model = LoadedModel(open_artifact(tiny_models / "catdog" / "1"), engine, settings.input_limits)
        registry = Registry(tiny_models, lambda _: model)
        registry.load()
        app.state.registry = registry
        inside = [pool.submit(httpx.post, f"{at}/predict/catdog", content=picture, timeout=30) for _ in range(2)]
        try:
            assert engine.entered.wait(10)
            refused = _first_refused(at, picture)
        finally:
            engine.released.set()
        assert refused.status_code == 503
        assert refused.json()["type"] == "/problems/overloaded"
        assert refused.headers["retry-after"] == "1"
        assert [asked.result().status_code for asked in inside] == [200, 200]


def _first_refused(at: str, picture: bytes) -> httpx.Response:
    """Ask until both others are inside: one of them may still be on its way."""
    with httpx.Client(base_url=at, timeout=0.5) as client:
        for _ in range(20):
            try:
                return client.post("/predict/catdog", content=picture)
            except httpx.TimeoutException:
                continue
    raise AssertionError("no request was refused")
