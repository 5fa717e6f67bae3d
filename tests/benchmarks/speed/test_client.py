import asyncio
import time

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from benchmarks.speed import client
from benchmarks.speed.client import Load, LoadError, drive, is_whole, request_bytes
from helpers.servers import serving


@pytest.fixture(scope="module")
def port():
    app = FastAPI()
    seen: list[bytes] = []

    @app.post("/echo")
    async def echo(request: Request) -> Response:
        return Response(await request.body())

    @app.post("/slow")
    async def slow() -> StreamingResponse:
        async def parts():
            yield b"one"
            await asyncio.sleep(0.05)
            yield b"two"

        return StreamingResponse(parts())

    @app.post("/by-turns")
    async def by_turns(request: Request) -> Response:
        seen.append(await request.body())
        return Response(status_code=503 if len(seen) % 4 == 0 else 200)

    @app.post("/half-a-second")
    async def half_a_second() -> Response:
        await asyncio.sleep(0.5)
        return Response()

    @app.post("/hangs")
    async def hangs(request: Request) -> Response:
        if await request.body() == b"hang":
            await asyncio.sleep(4)
        return Response()

    with serving(app) as address:
        yield int(address.rpartition(":")[2])


def load(port, path, *bodies, concurrency=3, warm_up=0.1, seconds=0.4, answers=None):
    requests = tuple(request_bytes(path, body, "text/plain") for body in bodies or (b"hello",))
    return Load("127.0.0.1", port, requests, concurrency, warm_up, seconds, answers)


@pytest.mark.parametrize("body", [b"hello", b"\r\n\r\n" * 100_000])
def test_each_measured_request_was_answered_within_the_time(port, body):
    started = time.perf_counter()
    measured = asyncio.run(drive(load(port, "/echo", body)))
    assert len(measured.latencies) >= 3
    assert 0 < max(measured.latencies) <= time.perf_counter() - started
    assert (measured.seconds, measured.refused) == (0.4, 0)


def test_an_answer_in_chunks_counts_once_it_is_whole(port):
    assert min(asyncio.run(drive(load(port, "/slow"))).latencies) >= 0.05


def test_it_is_measured_once_there_were_as_many_answers_as_clients(port):
    measured = asyncio.run(drive(load(port, "/half-a-second", seconds=1.2)))
    assert 4 <= len(measured.latencies) <= 8
    assert min(measured.latencies) >= 0.5


def test_another_status_than_200_is_counted_and_the_first_is_told(port):
    measured = asyncio.run(drive(load(port, "/nowhere")))
    assert not measured.latencies
    assert measured.refused > 0
    assert "404" in measured.refusal


def test_occasional_refusals_are_counted_beside_the_answers(port):
    measured = asyncio.run(drive(load(port, "/by-turns", concurrency=1)))
    assert 2 <= len(measured.latencies) / measured.refused <= 4
    assert "503" in measured.refusal


def test_so_many_answers_end_the_load_before_its_time(port):
    started = time.perf_counter()
    measured = asyncio.run(drive(load(port, "/echo", b"one", b"two", seconds=60, answers=50)))
    assert len(measured.latencies) == 50
    assert 0 < measured.seconds < time.perf_counter() - started


def test_a_client_that_waits_in_vain_counts_as_refused(port, monkeypatch):
    monkeypatch.setattr(client, "GRACE_SECONDS", 0.5)
    bodies = (*[b""] * 20, b"hang")
    measured = asyncio.run(drive(load(port, "/hangs", *bodies, warm_up=0)))
    assert measured.refused == 3
    assert measured.refusal == "no answer within 0.5 s"


def test_a_server_that_never_answers_is_an_error_in_bounded_time(port, monkeypatch):
    monkeypatch.setattr(client, "GRACE_SECONDS", 0.3)
    started = time.perf_counter()
    with pytest.raises(LoadError, match="3 clients had 0 answers"):
        asyncio.run(drive(load(port, "/hangs", b"hang")))
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("name", [b"Content-Length", b"content-length"])
def test_an_answer_is_whole_once_its_length_has_come(name):
    answer = b"HTTP/1.1 200 OK\r\nx-content-length: 1\r\n" + name + b": 5\r\n\r\nhello"
    assert [is_whole(bytearray(answer[:end])) for end in range(len(answer) + 1)] == [False] * len(answer) + [True]


def test_an_answer_in_chunks_is_whole_at_the_last_chunk():
    answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nc\r\nends in 100\r\n\r\n\r\n0\r\n\r\n"
    assert [is_whole(bytearray(answer[:end])) for end in range(len(answer) + 1)] == [False] * len(answer) + [True]
