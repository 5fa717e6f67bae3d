"""Bodies that come slowly, and many of them at once, over a real socket."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from helpers.pictures import png
from helpers.servers import serving

PICTURE = png("RGB", (40, 40), (200, 20, 20))
HEAD = b"POST /predict/catdog HTTP/1.1\r\nHost: a\r\n"
Check = Callable[[httpx.Response], dict[str, object]]


@pytest.fixture(scope="module")
def strict(tiny_models: Path) -> Iterator[str]:
    settings = Settings(
        models_dir=tiny_models, max_body_bytes=200_000, max_bodies_bytes=300_000, upload_seconds=1.5, idle_seconds=0.5
    )
    with serving(create_app(settings)) as at:
        yield at


@pytest.fixture(autouse=True)
def _lives_on(strict: str) -> Iterator[None]:
    yield
    assert httpx.post(f"{strict}/predict/catdog", content=PICTURE).status_code == 200


def connect(address: str) -> socket.socket:
    host, port = address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=5)


def answer_to(connection: socket.socket) -> bytes:
    answer = b""
    while chunk := connection.recv(65536):
        answer += chunk
    return answer


@pytest.mark.parametrize(
    "start",
    [
        HEAD + b"Content-Length: 5000\r\n\r\n",
        HEAD + b"Content-Length: 5000\r\n\r\nonly this",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        HEAD + b"Content-Length: 5000\r\nExpect: 100-continue\r\n\r\n",
        HEAD + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 5000\r\n\r\n--x\r\n",
    ],
    ids=["nothing", "a part", "no chunk", "chunks without end", "nothing after 100 Continue", "a form"],
)
def test_a_body_that_stops_coming_is_answered_and_closed(strict: str, start: bytes) -> None:
    begin = time.monotonic()
    with connect(strict) as connection:
        connection.sendall(start)
        answer = answer_to(connection)
    assert 0.4 < time.monotonic() - begin < 1.4
    assert b"HTTP/1.1 408 Request Timeout\r\n" in answer
    assert b"connection: close" in answer
    assert b"/problems/request-timeout" in answer


def test_a_body_that_trickles_in_is_cut_off_at_last(strict: str) -> None:
    begin = time.monotonic()
    with connect(strict) as connection:
        connection.sendall(HEAD + b"Content-Length: 5000\r\n\r\n")
        connection.settimeout(0.1)
        answer = b""
        while not answer and time.monotonic() - begin < 5:
            try:
                connection.sendall(b"a")
                answer = connection.recv(65536)
            except TimeoutError:
                continue
    assert 1.3 < time.monotonic() - begin < 3
    assert answer.startswith(b"HTTP/1.1 408")


def test_chunk_extensions_alone_do_not_keep_a_body_alive(strict: str) -> None:
    begin = time.monotonic()
    with connect(strict) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;")
        connection.settimeout(0.1)
        answer = b""
        while not answer and time.monotonic() - begin < 5:
            try:
                connection.sendall(b"a")
                answer = connection.recv(65536)
            except TimeoutError:
                continue
    assert time.monotonic() - begin < 1.4
    assert answer.startswith(b"HTTP/1.1 408")


def test_a_slow_body_that_is_in_time_is_answered(strict: str) -> None:
    with connect(strict) as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(PICTURE))
        for start in range(0, len(PICTURE), 30):
            connection.sendall(PICTURE[start : start + 30])
            time.sleep(0.1)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")


def test_bodies_beyond_the_room_are_refused_until_there_is_room_again(tiny_models: Path, problem: Check) -> None:
    settings = Settings(models_dir=tiny_models, max_body_bytes=200_000, max_bodies_bytes=300_000)
    with serving(create_app(settings)) as at, httpx.Client(base_url=at) as client:
        with ExitStack() as stack:
            for _ in range(2):
                connection = stack.enter_context(connect(at))
                connection.sendall(HEAD + b"Content-Length: 150000\r\n\r\n" + bytes(140_000))
            time.sleep(0.2)
            announced = client.post("/predict/catdog", content=bytes(100_000))
            chunked = client.post("/predict/catdog", content=(bytes(10_000) for _ in range(10)))
        for response in (announced, chunked):
            assert response.status_code == 503
            assert response.headers["retry-after"] == "1"
            assert problem(response)["type"] == "/problems/overloaded"
        time.sleep(0.2)
        assert client.post("/predict/catdog", content=bytes(190_000)).status_code == 415


def test_a_refused_body_gives_its_room_back(strict: str) -> None:
    for _ in range(20):
        refused = httpx.post(f"{strict}/predict/catdog", content=(bytes(50_000) for _ in range(5)))
        assert refused.status_code == 413
