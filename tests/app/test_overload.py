import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from app.settings import Settings
from helpers.blocked import Blocked, blocked_service
from helpers.pictures import png
from helpers.scraping import scrape
from helpers.servers import exchange

PICTURE = png("RGB", (9, 9), (1, 1, 1))
TWO = Settings(workers=1, max_queue=1)


def ask(blocked: Blocked, path: str = "/predict/catdog", **headers: str) -> httpx.Response:
    return httpx.post(f"{blocked.address}{path}", content=PICTURE, headers=headers, timeout=30)


def fill(blocked: Blocked, pool: ThreadPoolExecutor, count: int) -> list["Future[httpx.Response]"]:
    """Send so many requests that stay inside: with the engine, or waiting for it."""
    asked = [pool.submit(ask, blocked) for _ in range(count)]
    blocked.wait_for(count)
    return asked


def test_requests_beyond_the_queue_are_refused_at_once_and_told_when_to_try_again(tiny_models: Path) -> None:
    with blocked_service(tiny_models, TWO) as blocked, ThreadPoolExecutor(2) as pool:
        inside = fill(blocked, pool, 2)
        refused = ask(blocked)
        assert refused.status_code == 503
        assert refused.json()["type"] == "/problems/overloaded"
        assert refused.headers["retry-after"] == "1"
        blocked.engine.released.set()
        assert [asked.result().status_code for asked in inside] == [200, 200]


def test_an_overloaded_service_refuses_before_the_picture_is_sent(tiny_models: Path) -> None:
    head = b"POST /predict/catdog HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\n\r\n"
    with blocked_service(tiny_models, TWO) as blocked, ThreadPoolExecutor(2) as pool:
        fill(blocked, pool, 2)
        assert exchange(blocked.address, head).startswith(b"HTTP/1.1 503 ")
        blocked.engine.released.set()


def test_a_connection_that_was_refused_on_is_of_use_again(tiny_models: Path) -> None:
    head = f"POST /predict/catdog HTTP/1.1\r\nHost: x\r\nX-Request-ID: mine\r\nContent-Length: {len(PICTURE)}\r\n\r\n"
    live = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with blocked_service(tiny_models, TWO) as blocked, ThreadPoolExecutor(2) as pool:
        fill(blocked, pool, 2)
        answers = exchange(blocked.address, head.encode() + PICTURE + live)
        blocked.engine.released.set()
    refused, _, rest = answers.partition(b"HTTP/1.1 200 ")
    assert refused.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nx-request-id: mine\r\n" in refused.lower()
    assert b"\r\nx-content-type-options: nosniff\r\n" in refused
    assert rest.endswith(b'{"status":"live"}')


def test_a_client_that_closes_after_its_request_gets_the_refusal_however_much_it_still_sends(tiny_models: Path) -> None:
    size = 8_000_000
    head = f"POST /predict/catdog HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n"
    with blocked_service(tiny_models, TWO) as blocked, ThreadPoolExecutor(2) as pool:
        fill(blocked, pool, 2)
        answer = exchange(blocked.address, head.encode(), bytes(size))
        blocked.engine.released.set()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nconnection: close\r\n" in answer
    assert answer.endswith(b"}")


def test_of_requests_that_come_together_one_is_refused_and_the_others_are_not_looked_at(tiny_models: Path) -> None:
    with blocked_service(tiny_models, TWO) as blocked, ThreadPoolExecutor(2) as pool:
        fill(blocked, pool, 2)
        answers = exchange(blocked.address, b"POST /predict/catdog HTTP/1.1\r\n\r\n" * 5_000)
        found = scrape(blocked.address)
        blocked.engine.released.set()
    assert found.value("quartet_rejected_total", task="catdog", reason="queue-full") <= 2
    assert answers.count(b"HTTP/1.1 503 ") <= 2
    assert answers.count(b"HTTP/1.1 ") == answers.count(b"HTTP/1.1 503 ")


def test_what_comes_after_the_last_request_of_a_connection_is_not_looked_at(tiny_models: Path) -> None:
    last = b"POST /predict/catdog HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\na"
    after = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    with blocked_service(tiny_models, TWO) as blocked, ThreadPoolExecutor(2) as pool:
        fill(blocked, pool, 2)
        answer = exchange(blocked.address, last + after)
        found = scrape(blocked.address)
        blocked.engine.released.set()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert found.value("quartet_request_duration_seconds_count", route="/health/live") == 0


def test_who_is_refused_before_all_was_sent_may_send_the_rest_and_ask_again(tiny_models: Path) -> None:
    head = f"POST /predict/catdog HTTP/1.1\r\nHost: x\r\nContent-Length: {len(PICTURE)}\r\n\r\n".encode()
    with blocked_service(tiny_models, TWO) as blocked, ThreadPoolExecutor(2) as pool:
        fill(blocked, pool, 2)
        host, port = blocked.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(head)
            for _ in range(3):
                assert connection.recv(65536).startswith(b"HTTP/1.1 503 ")
                connection.sendall(PICTURE + head)
            assert connection.recv(65536).startswith(b"HTTP/1.1 503 ")
            connection.sendall(PICTURE)
            blocked.engine.released.set()
            connection.sendall(head + PICTURE)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_client_that_asks_again_without_waiting_is_read_once_there_is_room(tiny_models: Path) -> None:
    head = f"POST /predict/catdog HTTP/1.1\r\nHost: x\r\nContent-Length: {len(PICTURE)}\r\n\r\n"
    with blocked_service(tiny_models, TWO) as blocked, ThreadPoolExecutor(2) as pool:
        fill(blocked, pool, 2)
        host, port = blocked.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(head.encode() + PICTURE)
            assert connection.recv(65536).startswith(b"HTTP/1.1 503 ")
            connection.sendall(head.encode() + PICTURE)
            blocked.engine.released.set()
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_client_that_asks_again_and_again_is_refused_once_a_second(tiny_models: Path) -> None:
    head = f"POST /predict/catdog HTTP/1.1\r\nHost: x\r\nContent-Length: {len(PICTURE)}\r\n\r\n"
    with blocked_service(tiny_models, TWO) as blocked, ThreadPoolExecutor(2) as pool:
        fill(blocked, pool, 2)
        host, port = blocked.address.removeprefix("http://").split(":")
        began = time.perf_counter()
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            for _ in range(3):
                connection.sendall(head.encode() + PICTURE)
                assert connection.recv(65536).startswith(b"HTTP/1.1 503 ")
        assert time.perf_counter() - began >= 2
        blocked.engine.released.set()


def test_an_overloaded_service_still_tells_browsers_what_they_may_ask_and_what_it_answered(tiny_models: Path) -> None:
    origin = "https://page.example"
    preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    with (
        blocked_service(tiny_models, TWO.model_copy(update={"cors_origins": (origin,)})) as blocked,
        ThreadPoolExecutor(2) as pool,
    ):
        fill(blocked, pool, 2)
        allowed = httpx.options(f"{blocked.address}/predict/catdog", headers=preflight)
        refused, strange = ask(blocked, Origin=origin), ask(blocked, Origin="https://other.example")
        blocked.engine.released.set()
    assert allowed.status_code == 200
    assert refused.status_code == strange.status_code == 503
    for answer in (allowed, refused):
        assert answer.headers["access-control-allow-origin"] == origin
    assert refused.headers["access-control-expose-headers"] == "X-Request-ID, Retry-After"
    assert refused.headers["vary"] == "Origin"
    assert "access-control-allow-origin" not in strange.headers


def test_refusals_are_logged_like_other_answers(tiny_models: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "app.middleware.access_log")
    with blocked_service(tiny_models, TWO) as blocked, ThreadPoolExecutor(2) as pool:
        fill(blocked, pool, 2)
        ask(blocked, "/predict/catdog?threshold=0.5", **{"X-Request-ID": "mine"})
        blocked.engine.released.set()
    [line] = [line for line in caplog.messages if line.endswith("mine")]
    assert line.endswith(' - "POST /predict/catdog" 503 mine')


def test_what_cannot_be_answered_within_its_deadline_is_refused_at_once(tiny_models: Path) -> None:
    settings = TWO.model_copy(update={"max_queue": 100})
    with blocked_service(tiny_models, settings) as blocked, ThreadPoolExecutor(10) as pool:
        blocked.engine.seconds = 0.2
        blocked.engine.released.set()
        asked = [pool.submit(ask, blocked) for _ in range(6)]
        assert {answer.result().status_code for answer in asked} == {200}
        asked = [pool.submit(ask, blocked) for _ in range(6)]
        blocked.wait_for(5)
        hopeless = ask(blocked, **{"X-Deadline-Ms": "300"})
        assert (hopeless.status_code, hopeless.json()["type"]) == (503, "/problems/overloaded")
        assert "no hope of an answer" in hopeless.json()["detail"]
        assert {answer.result().status_code for answer in asked} == {200}


def test_without_the_servers_own_protocol_the_application_refuses(tiny_models: Path) -> None:
    with blocked_service(tiny_models, TWO, bare=True) as blocked, ThreadPoolExecutor(2) as pool:
        fill(blocked, pool, 2)
        refused = ask(blocked)
        blocked.engine.released.set()
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/overloaded")


def test_one_models_full_queue_leaves_the_others_theirs(tiny_models: Path) -> None:
    with blocked_service(tiny_models, TWO) as blocked, ThreadPoolExecutor(2) as pool:
        fill(blocked, pool, 2)
        assert ask(blocked).status_code == 503
        digit = pool.submit(ask, blocked, "/predict/digit")
        blocked.engine.released.set()
        assert digit.result().status_code != 503


@pytest.mark.parametrize(
    ("settings", "headers"),
    [(TWO.model_copy(update={"deadline_ms": 200}), {}), (TWO, {"X-Deadline-Ms": "200"})],
    ids=["the service's", "the request's own"],
)
def test_past_its_deadline_a_request_is_answered_504_and_never_run(
    tiny_models: Path, settings: Settings, headers: dict[str, str]
) -> None:
    with blocked_service(tiny_models, settings) as blocked, ThreadPoolExecutor(1) as pool:
        fill(blocked, pool, 1)
        began = time.perf_counter()
        late = ask(blocked, **headers)
        assert 0.2 <= time.perf_counter() - began < 5
        assert late.status_code == 504
        assert late.json()["type"] == "/problems/deadline-exceeded"
        assert "within 200 ms" in late.json()["detail"]
        blocked.engine.released.set()
        # The late one's turn has come and gone once another is answered.
        assert ask(blocked).status_code == 200
        assert blocked.engine.batches == 2


def test_a_request_cannot_have_more_time_than_the_service_gives(tiny_models: Path) -> None:
    with blocked_service(tiny_models, TWO.model_copy(update={"deadline_ms": 100})) as blocked:
        assert "within 100 ms" in ask(blocked, **{"X-Deadline-Ms": "60000"}).json()["detail"]


@pytest.mark.parametrize("stated", ["0", "-5", "soon", "1.5", "", "٣", "9999999999"])
def test_a_deadline_that_is_no_number_of_milliseconds_is_refused(client: httpx.Client, stated: str) -> None:
    answer = client.post("/predict/catdog", content=PICTURE, headers={"X-Deadline-Ms": stated.encode()})
    assert answer.status_code == 400
    assert "X-Deadline-Ms must be a whole number of milliseconds" in answer.json()["detail"]


# Of a large body the connection is not read for a while; it is read again to see the client go.
@pytest.mark.parametrize("size", [len(PICTURE), 1_000_000])
@pytest.mark.parametrize("bare", [False, True], ids=["own protocol", "uvicorn's own"])
def test_what_waits_for_a_client_that_hung_up_is_never_run(tiny_models: Path, size: int, *, bare: bool) -> None:
    body = PICTURE.ljust(size, b"\0")
    head = f"POST /predict/catdog HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode()
    with blocked_service(tiny_models, TWO, bare=bare) as blocked, ThreadPoolExecutor(1) as pool:
        [first] = fill(blocked, pool, 1)
        host, port = blocked.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(head + body)
            blocked.wait_for(2)
        blocked.wait_for(1)
        blocked.engine.released.set()
        assert first.result().status_code == 200
        assert ask(blocked).status_code == 200
        assert blocked.engine.batches == 2
