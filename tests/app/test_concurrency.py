from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from app.settings import Settings
from helpers.blocked import blocked_service
from helpers.pictures import png
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


def test_a_model_at_work_does_not_keep_the_service_from_answering(tiny_models: Path) -> None:
    picture = png("RGB", (9, 9), (1, 1, 1))
    with blocked_service(tiny_models, Settings(workers=1)) as blocked, ThreadPoolExecutor(1) as pool:
        busy = pool.submit(httpx.post, f"{blocked.address}/predict/catdog", content=picture, timeout=30)
        blocked.wait_for(1)
        assert httpx.get(f"{blocked.address}/health/live", timeout=5).status_code == 200
        assert not busy.done()
        blocked.engine.released.set()
        assert busy.result().status_code == 200
