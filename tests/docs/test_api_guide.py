"""The Python caller of docs/api.md gets every answer from a service that has more to do than it takes."""

import asyncio

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from helpers.documents import PROJECT, blocks_of
from helpers.pictures import digit_png
from helpers.servers import serving

GUIDE = PROJECT / "docs" / "api.md"


@pytest.fixture(scope="module")
def guide():
    """The names that the guide defines."""
    names: dict[str, object] = {}
    for block in blocks_of(GUIDE):
        if block.kind == "python" and block.text.startswith("import"):
            exec(block.text, names)
    return names


@pytest.fixture
def busy(tiny_models):
    """The address of a service that lets in one input at a time, and none to wait."""
    with serving(create_app(Settings(models_dir=tiny_models, workers=1, max_queue=0, max_batch_items=8))) as address:
        yield address


def test_whoever_comes_back_when_told_to_is_answered(guide, busy):
    statuses: list[int] = []

    async def ask_all() -> list[dict[str, object]]:
        async def note(response: httpx.Response) -> None:
            statuses.append(response.status_code)

        async with httpx.AsyncClient(base_url=busy, timeout=30, event_hooks={"response": [note]}) as client:
            asked = (guide["ask"](client, "/predict/digit", digit_png(), tries=30) for _ in range(12))
            return await asyncio.gather(*asked)

    answers = asyncio.run(ask_all())
    assert {answer["task"] for answer in answers} == {"digit"}
    assert len(answers) == statuses.count(200) == 12
    assert set(statuses) == {200, 503}


def test_what_no_repetition_changes_is_not_repeated(guide, busy):
    statuses: list[int] = []

    async def ask() -> None:
        async def note(response: httpx.Response) -> None:
            statuses.append(response.status_code)

        async with httpx.AsyncClient(base_url=busy, event_hooks={"response": [note]}) as client:
            await guide["ask"](client, "/predict/digit", b"no picture")

    with pytest.raises(guide["ServiceError"], match="Send a JPEG"):
        asyncio.run(ask())
    assert statuses == [415]
