"""Calls with an API key, without one and too often, over a real socket."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request

from app.access.caller import Caller, caller_of
from app.access.keys import entry_of, new_key
from app.errors import ConfigurationError
from app.main import create_app
from app.settings import Settings
from helpers.pictures import jpeg
from helpers.servers import exchange, serving

Check = Callable[[httpx.Response], dict[str, object]]

KEY = new_key()
LIMITED = new_key()
ADMIN = new_key()
PICTURE = jpeg((60, 60), (220, 30, 30))
OPEN = (
    "/",
    "/docs",
    "/redoc",
    "/openapi.json",
    "/static/docs/swagger-ui.css",
    "/problems/overloaded",
    "/health/live",
    "/v2/health/live",
)


def with_routes(app: FastAPI) -> FastAPI:
    @app.get("/caller")
    async def caller(request: Request) -> dict[str, object]:
        found = caller_of(request.scope)
        return {"name": found.name, "admin": found.admin} if found else {}

    return app


@pytest.fixture(scope="module")
def keys_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "keys.toml"
    callers = {KEY: Caller("clinic"), LIMITED: Caller("trial", per_minute=2), ADMIN: Caller("ops", admin=True)}
    path.write_text("\n".join(entry_of(key, caller) for key, caller in callers.items()))
    return path


@pytest.fixture(scope="module")
def guarded_address(tiny_models: Path, keys_file: Path) -> Iterator[str]:
    settings = Settings(
        models_dir=tiny_models,
        api_keys_file=keys_file,
        max_body_bytes=1_000_000,
        cors_origins=("https://page.example",),
    )
    with serving(with_routes(create_app(settings))) as at:
        yield at


@pytest.fixture(scope="module")
def guarded(guarded_address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=guarded_address, timeout=30) as session:
        yield session


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer  {KEY}"},
        {"X-API-Key": KEY},
        {"Authorization": "Basic dTpw", "X-API-Key": KEY},
    ],
)
def test_a_call_with_a_key_is_answered(guarded: httpx.Client, headers: dict[str, str]) -> None:
    assert guarded.post("/predict/catdog", content=PICTURE, headers=headers).json()["label"] == "cat"
    assert guarded.get("/caller", headers=headers).json() == {"name": "clinic", "admin": False}


def test_a_key_may_be_an_administrators(guarded: httpx.Client) -> None:
    assert guarded.get("/caller", headers={"X-API-Key": ADMIN}).json() == {"name": "ops", "admin": True}


@pytest.mark.parametrize("call", ["/predict/catdog", "/predict/catdog/batch", "/explain/catdog", "/nothing"])
@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({}, "This call needs a key."),
        ({"Authorization": "Bearer"}, "This call needs a key."),
        ({"Authorization": KEY}, "This call needs a key."),
        ({"Authorization": f"Basic {KEY}"}, "This call needs a key."),
        ({"X-API-Key": ""}, "The key is not known here."),
        ({"X-API-Key": KEY[:-1]}, "The key is not known here."),
        ({"X-API-Key": KEY.upper()}, "The key is not known here."),
        ({"Authorization": f"Bearer {KEY}x", "X-API-Key": KEY}, "The key is not known here."),
        ({"Cookie": f"key={KEY}"}, "This call needs a key."),
    ],
)
def test_a_call_without_a_key_that_is_known_is_unauthenticated(
    guarded: httpx.Client, problem: Check, call: str, headers: dict[str, str], detail: str
) -> None:
    response = guarded.post(call, content=PICTURE, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    body = problem(response)
    assert body["type"] == "/problems/unauthenticated"
    assert str(body["detail"]).startswith(detail)
    assert KEY not in response.text


@pytest.mark.parametrize(
    "path",
    ["/models", "/models/digit", "/models/digit/card", "/caller", "/docs/", "/healthy", "/v2", "/v2/models/digit"],
)
def test_everything_but_the_documentation_and_health_needs_a_key(guarded: httpx.Client, path: str) -> None:
    assert guarded.get(path).status_code == 401
    assert guarded.get(f"{path}?key={KEY}&api_key={KEY}&access_token={KEY}").status_code == 401


@pytest.mark.parametrize("path", OPEN)
def test_the_documentation_and_health_need_none(guarded: httpx.Client, path: str) -> None:
    assert guarded.get(path, follow_redirects=True).status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "/static/../predict/catdog",
        "/health/../predict/catdog",
        "/static/..%2fpredict/catdog",
        "/docs/../predict/catdog",
        "//predict/catdog",
    ],
)
def test_no_way_of_writing_a_path_leads_around_the_key(guarded_address: str, target: str) -> None:
    head = f"POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(PICTURE)}\r\nConnection: close\r\n\r\n"
    status = exchange(guarded_address, head.encode() + PICTURE).split(b" ", 2)[1]
    assert status in {b"401", b"404", b"405"}


def test_without_a_keys_file_no_call_needs_a_key(client: httpx.Client) -> None:
    assert client.get("/models").status_code == 200


def test_a_key_used_too_often_is_told_when_to_try_again_and_the_log_says_whose_it_is(
    guarded: httpx.Client, problem: Check, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    headers = {"X-API-Key": LIMITED}
    statuses = [guarded.get("/models", headers=headers).status_code for _ in range(2)]
    assert statuses == [200, 200]
    response = guarded.get("/models", headers=headers)
    assert response.status_code == 429
    assert 1 <= int(response.headers["retry-after"]) <= 30
    body = problem(response)
    assert body["type"] == "/problems/rate-limited"
    assert body["detail"] == "The key of 'trial' may make 2 requests a minute. Try again later."
    assert any('trial "GET /models" 429 ' in record.getMessage() for record in caplog.records)
    assert guarded.get("/models", headers={"X-API-Key": KEY}).status_code == 200
    assert guarded.get("/health/live", headers=headers).status_code == 200


def test_a_body_is_not_asked_for_from_an_unauthenticated_client(guarded_address: str) -> None:
    head = b"POST /predict/catdog HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\nExpect: 100-continue\r\n\r\n"
    answer = exchange(guarded_address, head)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"100 Continue" not in answer


def test_a_body_over_the_limit_is_unauthenticated_first(guarded: httpx.Client) -> None:
    assert guarded.post("/predict/catdog", content=bytes(1_000_001)).status_code == 401


def test_a_preflight_needs_no_key_and_lets_a_page_send_one(guarded: httpx.Client) -> None:
    preflight = {
        "Origin": "https://page.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,x-api-key",
    }
    response = guarded.options("/predict/catdog", headers=preflight)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "https://page.example"
    assert response.headers["access-control-allow-headers"] == "authorization,x-api-key"


def test_a_page_may_read_why_it_was_not_let_in(guarded: httpx.Client) -> None:
    response = guarded.get("/models", headers={"Origin": "https://page.example"})
    assert response.status_code == 401
    assert response.headers["access-control-allow-origin"] == "https://page.example"


def test_the_log_has_the_callers_name_and_no_key_and_no_query(
    guarded: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    headers = {"Authorization": f"Bearer {KEY}", "X-Request-ID": "trace-8"}
    guarded.post("/predict/catdog?key=SECRET", content=PICTURE, headers=headers)
    guarded.get(f"/models?api_key={KEY}", headers={"X-API-Key": "WRONG", "X-Request-ID": "trace-9"})
    # httpx, the client, logs its requests in the same process.
    served = [record for record in caplog.records if not record.name.startswith("http")]
    lines = [record.getMessage() for record in served if record.name == "app.middleware.access_log"]
    assert [line.partition(" ")[2] for line in lines] == [
        'clinic "POST /predict/catdog" 200 trace-8',
        '- "GET /models" 401 trace-9',
    ]
    text = "\n".join(f"{record.name} {record.getMessage()}" for record in served)
    assert KEY not in text
    assert "SECRET" not in text
    assert "WRONG" not in text
    assert "uvicorn.access" not in text


def test_a_line_cannot_be_forged_by_a_path(guarded_address: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    exchange(guarded_address, b"GET /docs%0aINFO:%20forged HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    [line] = [record.getMessage() for record in caplog.records if "forged" in record.getMessage()]
    assert "\n" not in line
    assert "/docs%0AINFO%3A%20forged" in line


def test_the_document_asks_for_a_key_where_a_call_needs_one(guarded: httpx.Client, client: httpx.Client) -> None:
    document = guarded.get("/openapi.json").json()
    assert set(document["components"]["securitySchemes"]) == {"Bearer", "X-API-Key"}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            needs_key = not path.startswith(("/health/", "/v2/health/", "/problems/"))
            assert ({"401", "429"} <= set(operation["responses"])) == needs_key
            assert ("security" in operation) == needs_key
    paths = client.get("/openapi.json").json()["paths"]
    asking = {
        path for path, operations in paths.items() for operation in operations.values() if "security" in operation
    }
    load, unload = (f"/v2/repository/models/{{model}}/{call}" for call in ("load", "unload"))
    assert asking == {"/models/{task}/reload", load, unload}


def test_a_bad_keys_file_keeps_the_service_from_starting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        create_app(Settings(models_dir=tmp_path, api_keys_file=tmp_path / "gone.toml"))
