"""A proxy's middlewares around what Ray Serve would do."""

import asyncio
import json

import httpx
import pytest
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.settings import Settings
from scale.proxy import middlewares

MAX_BYTES = 1_000


@pytest.fixture(autouse=True)
def small_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARTET_MAX_BODY_BYTES", str(MAX_BYTES))


def proxied(app: ASGIApp) -> ASGIApp:
    """Return an application behind the middlewares, applied as Ray Serve does."""
    for middleware in middlewares():
        app = middleware.cls(app, *middleware.args, **middleware.kwargs)
    return app


def ask(app: ASGIApp, path: str = "/predict/digit", **request: object) -> httpx.Response:
    async def exchange() -> httpx.Response:
        transport = httpx.ASGITransport(proxied(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://proxy") as client:
            return await client.post(path, **request)

    return asyncio.run(exchange())


def of_ingress(status: int) -> Response:
    return PlainTextResponse("from the ingress", status, {"Content-Security-Policy": "default-src 'none'"})


def assert_problem(answer: httpx.Response, status: int, type_: str) -> None:
    body = answer.json()
    assert answer.status_code == body["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["type"] == f"/problems/{type_}"
    assert body["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("status", [200, 404, 500, 503])
def test_what_the_ingress_answers_goes_through(status: int) -> None:
    answer = ask(of_ingress(status))
    assert answer.status_code == status
    assert answer.text == "from the ingress"


@pytest.mark.parametrize(
    ("status", "answered", "type_"),
    [
        (404, 404, "not-found"),
        (408, 504, "deadline-exceeded"),
        (429, 503, "overloaded"),
        (503, 503, "model-unavailable"),
        (500, 500, "internal-error"),
        (418, 500, "internal-error"),
    ],
)
def test_what_ray_answers_itself_becomes_a_problem(status: int, answered: int, type_: str) -> None:
    answer = ask(PlainTextResponse("Ray's own words, and a path", status))
    assert_problem(answer, answered, type_)
    assert "own words" not in answer.text


def test_a_request_that_nobody_answers_gets_a_problem() -> None:
    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        return

    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("a secret")

    assert_problem(ask(silent), 500, "internal-error")
    assert_problem(ask(failing), 500, "internal-error")


def test_rays_own_pages_are_left_alone() -> None:
    assert ask(PlainTextResponse("success"), "/-/healthz").text == "success"


def test_the_ingress_is_told_the_request_id_that_the_client_gets_and_no_other_is_sent() -> None:
    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope["headers"])[b"x-request-id"].decode()
        response = of_ingress(200)
        response.headers.append("X-Request-ID", given)
        response.headers.append("X-Request-ID", given)
        response.headers["X-Given"] = given
        await response(scope, receive, send)

    for sent, taken in (("abc-1", True), ("no good id", False)):
        answer = ask(echo, headers={"X-Request-ID": sent})
        assert answer.headers.get_list("x-request-id") == [answer.headers["x-given"]]
        assert (answer.headers["x-given"] == sent) is taken


@pytest.mark.parametrize("pause", [0, 0.1], ids=["at once", "with pauses"])
def test_the_parts_of_a_body_that_come_together_are_handed_on_together_and_none_is_lost(pause: float) -> None:
    seen: list[bytes] = []

    async def reading(scope: Scope, receive: Receive, send: Send) -> None:
        more = True
        while more:
            message = await receive()
            seen.append(message["body"])
            more = message["more_body"]
        await of_ingress(200)(scope, receive, send)

    async def parts():
        for number in range(4):
            await asyncio.sleep(pause)
            yield b"%d" % number

    assert ask(reading, content=parts()).status_code == 200
    assert b"".join(seen) == b"0123"
    assert (len(seen) == 1) is (pause == 0)


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_large_is_refused_in_the_proxy_and_looks_to_ray_like_a_client_that_left(
    announced: bool,
) -> None:
    seen: list[str] = []

    async def reading(scope: Scope, receive: Receive, send: Send) -> None:
        while not seen or seen[-1] != "http.disconnect":
            seen.append((await receive())["type"])

    body = b"x" * (MAX_BYTES + 1)

    async def parts():
        yield body[:MAX_BYTES]
        yield body[MAX_BYTES:]

    answer = ask(reading, content=body if announced else parts())
    assert_problem(answer, 413, "content-too-large")
    assert f"{MAX_BYTES:,} bytes" in json.loads(answer.text)["detail"]
    assert seen[-1] == "http.disconnect"
    assert Settings().max_body_bytes == MAX_BYTES
