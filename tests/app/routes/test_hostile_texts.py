"""JSON and encoded texts that take many times their bytes once they are parsed, over a real socket."""

import tracemalloc
from collections.abc import Callable
from urllib.parse import quote_from_bytes

import httpx
import pytest

from app.routes.payloads import unquoted
from helpers.tiny_models import topic_of

Check = Callable[[httpx.Response], dict[str, object]]

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HOSTILE = {
    "numbers": b'{"texts": [' + b"1," * 400_000 + b"1]}",
    "texts": b'{"texts": [' + b'"",' * 300_000 + b'""]}',
    "fields": b'{"text": "a"' + b',"a":1' * 150_000 + b"}",
    "an unknown list": b'{"text": "a", "texts": ["a"], "x": [' + b"[]," * 300_000 + b"1]}",
}


@pytest.mark.parametrize("call", ["/predict/topic", "/predict/topic/batch", "/explain/topic"])
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_json_of_endless_values_is_refused_unparsed(
    client: httpx.Client, problem: Check, call: str, body: bytes
) -> None:
    response = client.post(call, content=body, headers=JSON)
    assert response.status_code == 413
    assert "values" in str(problem(response)["detail"])


@pytest.mark.parametrize(
    "text",
    ["a, b, c, " * 3_000, '", ' * 3_000, "\\" * 3_001, '\\",' * 3_000],
    ids=["commas", "quotes", "slashes", "all"],
)
def test_commas_within_a_text_are_no_values(client: httpx.Client, text: str) -> None:
    assert client.post("/predict/topic", json={"text": text}).json()["label"] == topic_of(text)
    answers = client.post("/predict/topic/batch", json={"texts": [text, "a"]}).json()
    assert [answer["label"] for answer in answers] == [topic_of(text), topic_of("a")]


def test_a_string_without_end_is_malformed(client: httpx.Client, problem: Check) -> None:
    response = client.post("/predict/topic", content=b'{"text": "' + b'a\\"' * 300_000, headers=JSON)
    assert response.status_code == 400
    problem(response)


@pytest.mark.parametrize("offset", range(4))
def test_an_encoded_text_is_read_whole_wherever_it_is_cut(client: httpx.Client, offset: int) -> None:
    text = "x" * offset + "öl " * 20_000
    encoded = quote_from_bytes(text.encode(), safe="").encode()
    assert len(encoded) > 3 * 65_536
    response = client.post("/predict/topic", content=b"text=" + encoded, headers=FORM)
    assert response.json()["label"] == topic_of(text)


def test_a_text_of_escapes_takes_little_more_than_its_bytes() -> None:
    body = b"%41" * 1_000_000
    tracemalloc.start()
    assert unquoted(body) == b"A" * 1_000_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * len(body) + 10_000_000
