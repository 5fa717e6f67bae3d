"""What is refused of a connection before the application sees a request, over a real socket."""

import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Response

from app.connections.limits import ConnectionLimits
from app.connections.protocol import MOST_WAITING
from app.connections.turning_away import DOOR
from app.main import create_app
from app.settings import Settings
from helpers.pictures import png
from helpers.servers import exchange, serving

LIMITS = ConnectionLimits(
    max_connections=4, max_head_bytes=2_000, head_seconds=0.6, linger_seconds=0.6, stalled_seconds=0.6
)
GET = b"GET /health/live HTTP/1.1\r\nHost: a\r\n"
LARGE = 30_000_000
GET_LARGE = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service without models whose connections are held short."""
    settings = Settings(models_dir=tmp_path_factory.mktemp("none"), max_body_bytes=100_000)
    with serving(create_app(settings), LIMITS) as at:
        yield at


@pytest.fixture(autouse=True)
def _lives_on(limited: str) -> Iterator[None]:
    yield
    assert httpx.get(f"{limited}/health/live").status_code == 200


def connect(address: str) -> socket.socket:
    host, port = address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=5)


def all_of(connection: socket.socket) -> bytes:
    """What the server sends until it closes. A silent server that does not close is an error."""
    answer = b""
    while chunk := connection.recv(65536):
        answer += chunk
    return answer


def problem_in(answer: bytes) -> dict[str, object]:
    """The problem that an answer consists of, its length and type checked."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    assert "content-type: application/problem+json" in lines
    assert "connection: close" in lines
    assert "x-content-type-options: nosniff" in lines
    assert f"content-length: {len(body)}" in lines
    problem = httpx.Response(400, content=body).json()
    assert f"x-request-id: {problem['request_id']}" in lines
    return problem


def test_what_is_not_http_is_told_so(limited: str) -> None:
    answer = exchange(limited, b"not even HTTP\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert "RFC 9112" in str(problem_in(answer)["detail"])


@pytest.mark.parametrize(
    "head",
    [
        GET + b"X-Long: " + b"a" * 3_000 + b"\r\n\r\n",
        GET + b"X-Many: a\r\n" * 400 + b"\r\n",
        GET + b"a:b\r\n" * 400 + b"\r\n",
        b"GET /" + b"a" * 3_000,
    ],
    ids=["a long header", "many headers", "many short headers", "an address without end"],
)
def test_a_large_head_is_refused(limited: str, head: bytes) -> None:
    answer = exchange(limited, head)
    assert answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert "2,000 bytes" in str(problem_in(answer)["detail"])


def test_a_header_without_end_is_refused_before_it_is_whole(limited: str) -> None:
    with connect(limited) as connection:
        connection.sendall(GET + b"X-Long: ")
        time.sleep(0.05)
        connection.sendall(b"a" * 3_000)
        assert all_of(connection).startswith(b"HTTP/1.1 431 ")


def test_a_head_of_many_megabytes_is_cut_off(limited: str) -> None:
    with connect(limited) as connection, pytest.raises((BrokenPipeError, ConnectionResetError)):
        connection.sendall(GET + b"X-Long: " + b"a" * 100_000_000)


@pytest.mark.parametrize(
    "chunk", [b"1;" + b"a" * 9_000, b"0\r\nX-Trailer: " + b"a" * 9_000, b"0\r\n" + b"X-Trailer: a\r\n" * 900]
)
def test_endless_chunk_extensions_and_trailers_are_cut_off(limited: str, chunk: bytes) -> None:
    head = b"POST /predict/digit HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    with connect(limited) as connection:
        connection.sendall(head)
        try:
            for start in range(0, len(chunk), 1000):
                connection.sendall(chunk[start : start + 1000])
                time.sleep(0.01)
            all_of(connection)
        except (BrokenPipeError, ConnectionResetError):
            pass


def test_a_head_and_a_body_that_come_together_are_no_large_head(limited: str) -> None:
    body = b"POST /predict/horse HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n" + bytes(9_000)
    assert exchange(limited, body).startswith(b"HTTP/1.1 404 ")


def test_many_pipelined_requests_are_no_large_head(limited: str) -> None:
    answer = exchange(limited, (GET + b"\r\n") * 60)
    assert answer.count(b"HTTP/1.1 200 OK") == 60
    assert b"connection: close" not in answer


@pytest.mark.parametrize("head", [GET, GET + b"X-Long: " + b"a" * 300 + b"\r\n"], ids=["short heads", "long heads"])
def test_of_many_requests_that_wait_for_the_first_some_are_answered_and_the_rest_is_not_looked_at(
    limited: str, head: bytes
) -> None:
    with connect(limited) as connection:
        connection.sendall((head + b"\r\n") * 500)
        answer = all_of(connection)
    assert 0 < answer.count(b"HTTP/1.1 200 OK") <= 1 + MOST_WAITING
    assert answer.count(b"connection: close") == 1


def test_a_client_may_go_on_for_long_with_some_requests_ahead_of_their_answers(limited: str) -> None:
    answers = b""
    with connect(limited) as connection:
        connection.sendall((GET + b"\r\n") * 40)
        for _ in range(200):
            while answers.count(b"HTTP/1.1 200 OK") == 0:
                answers += connection.recv(65536)
            answers = answers.replace(b"HTTP/1.1 200 OK", b"", 1)
            connection.sendall(GET + b"\r\n")
    assert b"connection: close" not in answers


def test_a_head_right_after_a_large_body_is_no_large_head(limited: str) -> None:
    body = b"POST /predict/horse HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" + bytes(50_000)
    answer = exchange(limited, body + GET, b"\r\n")
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"HTTP/1.1 200 OK" in answer


def test_a_head_that_trickles_in_is_cut_off(limited: str) -> None:
    start = time.monotonic()
    with connect(limited) as connection:
        for byte in GET * 20:
            try:
                connection.sendall(bytes((byte,)))
            except (BrokenPipeError, ConnectionResetError):
                break
            time.sleep(0.02)
    assert 0.4 < time.monotonic() - start < 4


def test_half_a_head_is_answered_that_it_came_too_late(limited: str) -> None:
    with connect(limited) as connection:
        connection.sendall(GET)
        answer = all_of(connection)
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert problem_in(answer)["type"] == "/problems/request-timeout"


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
def test_a_connection_without_a_request_is_closed_in_silence(limited: str, sent: bytes) -> None:
    with connect(limited) as connection:
        connection.sendall(sent)
        assert b"HTTP/1.1 200" not in all_of(connection)


def test_a_further_request_has_as_much_time_as_the_first(limited: str) -> None:
    with connect(limited) as connection:
        for _ in range(2):
            connection.sendall(GET + b"\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            time.sleep(0.8)
        connection.sendall(GET)
        start = time.monotonic()
        assert all_of(connection).startswith(b"HTTP/1.1 408")
        assert time.monotonic() - start > 0.3


def test_the_rest_of_a_body_that_was_refused_is_not_waited_for_forever(limited: str) -> None:
    with connect(limited) as connection:
        connection.sendall(b"POST /predict/digit HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n")
        start = time.monotonic()
        try:
            while time.monotonic() - start < 5:
                connection.sendall(b"a")
                time.sleep(0.02)
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert time.monotonic() - start < 3


def test_a_client_that_sends_all_of_a_refused_body_gets_the_answer_and_may_go_on(limited: str) -> None:
    with httpx.Client(base_url=limited) as client:
        assert client.post("/predict/horse", content=bytes(3_000_000)).status_code == 404
        assert client.get("/health/live").status_code == 200


@pytest.fixture(scope="module")
def large() -> Iterator[str]:
    """A service whose every answer is more than a connection's buffers hold, written at once."""
    app = FastAPI()

    @app.get("/")
    async def answer() -> Response:
        return Response(bytes(LARGE))

    with serving(app, LIMITS) as at:
        yield at


def drip(connection: socket.socket) -> None:
    """Send a chunk of a body again and again."""
    for _ in range(250):
        connection.sendall(b"1\r\na\r\n")
        time.sleep(0.02)


def read_at_last(connection: socket.socket) -> int:
    """How many bytes still come once they are read."""
    read = 0
    with suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            read += len(chunk)
    return read


def test_a_client_that_does_not_read_its_answer_is_dropped(large: str) -> None:
    with connect(large) as connection:
        connection.sendall(GET_LARGE)
        time.sleep(1.5)
        assert read_at_last(connection) < LARGE


def test_a_client_that_does_not_read_is_dropped_though_it_asks_on(large: str) -> None:
    with connect(large) as connection:
        connection.sendall(GET_LARGE)
        time.sleep(0.2)
        connection.sendall(GET_LARGE)
        time.sleep(1.5)
        assert read_at_last(connection) < LARGE


def test_a_client_that_reads_late_has_no_more_time_for_the_rest_of_its_body(large: str) -> None:
    with connect(large) as connection:
        connection.sendall(GET_LARGE[:-2] + b"Transfer-Encoding: chunked\r\n\r\n")
        left = LARGE
        while left > 0:
            left -= len(connection.recv(65536))
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            drip(connection)


def test_a_connection_too_many_is_refused_and_one_that_ends_makes_room(limited: str) -> None:
    with ExitStack() as stack:
        for _ in range(LIMITS.max_connections):
            connection = stack.enter_context(connect(limited))
            connection.sendall(GET + b"\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        with connect(limited) as one_more:
            answer = all_of(one_more)
        assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"retry-after: 1\r\n" in answer
        assert problem_in(answer)["type"] == "/problems/overloaded"


def test_damage_after_a_request_does_not_cost_its_answer(address: str) -> None:
    picture = png("RGB", (30, 30), (1, 2, 3))
    head = f"POST /predict/catdog HTTP/1.1\r\nHost: a\r\nContent-Length: {len(picture)}\r\n\r\n"
    with connect(address) as connection:
        connection.sendall(head.encode() + picture + b"not even HTTP\r\n\r\n")
        answer = all_of(connection)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close" in answer
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("asked_before", [True, False], ids=["kept open", "new"])
def test_a_request_that_came_while_the_service_was_held_up_is_answered_though_its_connection_was_idle_for_long(
    asked_before: bool,
) -> None:
    class SlowDoor:
        """Holds the event loop up where it has gathered what came until now, and looks at its timers next."""

        def turned_away(self, _method: bytes, target: bytes, *_: object) -> None:
            if target == b"/hold":
                time.sleep(1)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, object]]:
        yield {DOOR: SlowDoor()}

    app = FastAPI(lifespan=lifespan)

    @app.get("/")
    async def answer() -> None:
        return None

    with (
        serving(app, ConnectionLimits(head_seconds=0.5), keep_alive=0.5) as at,
        connect(at) as idle,
        connect(at) as busy,
    ):
        if asked_before:
            idle.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert idle.recv(65536).startswith(b"HTTP/1.1 200")
        busy.sendall(b"GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.3)
        idle.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert idle.recv(65536).startswith(b"HTTP/1.1 200")


def test_a_request_to_upgrade_is_answered_as_plain_http(limited: str) -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: a\r\n\r\n"
    assert exchange(limited, GET + upgrade).startswith(b"HTTP/1.1 200 OK")


def test_a_request_takes_longer_to_work_on_than_its_head_may_take(limited: str, tiny_models: Path) -> None:
    with serving(create_app(Settings(models_dir=tiny_models)), ConnectionLimits(head_seconds=0.2)) as at:
        picture = png("RGB", (30, 30), (1, 2, 3))
        with connect(at) as connection:
            head = f"POST /predict/catdog HTTP/1.1\r\nHost: a\r\nContent-Length: {len(picture)}\r\n\r\n"
            connection.sendall(head.encode())
            time.sleep(0.5)
            connection.sendall(picture)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
