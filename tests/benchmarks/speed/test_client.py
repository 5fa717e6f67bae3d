import asyncio
import io
import time

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from PIL import Image

from benchmarks.speed.client import Load, LoadError, drive, request_bytes
from benchmarks.speed.inputs import TEXT_BYTES, XRAY_BYTES, XRAY_SIZE, digit_png, news_text, xray_jpeg
from benchmarks.speed.measuring import Figure, measure, middle
from helpers.servers import serving


@pytest.fixture(scope="module")
def port():
    app = FastAPI()

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

    with serving(app) as address:
        yield int(address.rpartition(":")[2])


def load(port, path, body=b"hello", concurrency=3, seconds=0.4):
    return Load("127.0.0.1", port, request_bytes(path, body, "text/plain"), concurrency, 0.1, seconds)


@pytest.mark.parametrize("body", [b"hello", b"\r\n\r\n" * 100_000])
def test_each_measured_request_was_answered_within_the_time(port, body):
    started = time.perf_counter()
    latencies = asyncio.run(drive(load(port, "/echo", body)))
    assert len(latencies) >= 3
    assert 0 < max(latencies) <= time.perf_counter() - started


def test_an_answer_in_chunks_counts_once_it_is_whole(port):
    assert min(asyncio.run(drive(load(port, "/slow")))) >= 0.05


def test_another_status_than_200_is_an_error(port):
    with pytest.raises(LoadError, match="404"):
        asyncio.run(drive(load(port, "/nowhere")))


def test_a_load_from_another_process_gives_a_figure(port):
    figure = measure("echo", port, request_bytes("/echo", b"hello", "text/plain"), 2, 0.5)
    assert figure.per_second > 10
    assert 0 < figure.p50 <= figure.p99


def test_the_middle_round_is_taken():
    figures = [Figure("one", 1, rate, 1.0, 2.0) for rate in (5.0, 9.0, 1.0)]
    assert middle(figures).per_second == 5.0


def test_the_inputs_are_drawn_alike_each_time_and_of_the_size_stated():
    xray = xray_jpeg()
    assert Image.open(io.BytesIO(xray)).size == XRAY_SIZE
    assert abs(len(xray) - XRAY_BYTES) < 0.05 * XRAY_BYTES
    assert 1_500 < len(digit_png()) < 2_500
    assert len(news_text()) == TEXT_BYTES
    assert (xray, digit_png(), news_text()) == (xray_jpeg(), digit_png(), news_text())
