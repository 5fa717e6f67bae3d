"""What a defect of the service itself looks like from outside: problem details, and no trace of the code."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from app.main import create_app
from app.settings import Settings
from helpers.servers import exchange, serving


class FailsForItsPath:
    """A pure ASGI middleware with a defect."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/middleware":
            raise RuntimeError("secret of the middleware")
        await self.app(scope, receive, send)


def defective_app(models: Path) -> FastAPI:
    app = create_app(Settings(models_dir=models))
    app.user_middleware.append(Middleware(FailsForItsPath))

    @app.get("/route")
    async def route() -> None:
        raise RuntimeError("secret of the route")

    @app.get("/half")
    async def half() -> StreamingResponse:
        async def stream() -> Iterator[bytes]:
            yield b"half an ans"
            raise RuntimeError("secret of the stream")

        return StreamingResponse(stream())

    @app.get("/slow")
    async def slow() -> str:
        await asyncio.sleep(0.3)
        return "late"

    return app


@pytest.fixture(scope="module")
def defective(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(defective_app(tmp_path_factory.mktemp("none"))) as at, httpx.Client(base_url=at) as session:
        yield session


@pytest.mark.parametrize("path", ["/route", "/middleware"])
def test_a_defect_is_an_internal_error_whose_details_are_in_the_log_alone(
    defective: httpx.Client,
    problem: Callable[[httpx.Response], dict[str, object]],
    caplog: pytest.LogCaptureFixture,
    path: str,
) -> None:
    response = defective.get(path, headers={"X-Request-ID": "trace-7"})
    assert response.status_code == 500
    body = problem(response)
    assert body["type"] == "/problems/internal-error"
    assert body["request_id"] == "trace-7"
    assert "secret" not in response.text
    [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.getMessage() == "request trace-7 failed"
    assert record.exc_info is not None
    assert "secret" in str(record.exc_info[1])


def test_the_connection_lives_on_after_a_defect(defective: httpx.Client) -> None:
    defective.get("/route")
    assert defective.get("/health/live").json() == {"status": "live"}


def test_an_answer_that_has_begun_is_cut_off_not_mixed_with_an_error(defective: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        defective.get("/half")


def test_an_answer_that_comes_after_its_connection_was_closed_is_passed_over(
    defective: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    second = b"POST /predict/digit HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n"
    both = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n" + second
    # The broken request closes the connection before the one ahead of it is answered.
    assert exchange(str(defective.base_url), both) == b""
    assert defective.get("/slow").json() == "late"
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
