"""Pages, their assets, cards and plots are files: sent whole or not at all, and not again to who has them."""

import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.routes.files import StoredFile
from app.routes.pages import STATIC
from helpers.servers import serving

Check = Callable[[httpx.Response], dict[str, object]]

LARGEST = "/static/docs/swagger-ui-bundle.js"
PATHS = (
    "/",
    "/docs",
    "/redoc",
    "/static/page/main.js",
    LARGEST,
    "/models/digit/card",
    "/models/digit/plots/roc.png",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("wanted", ["items=0-1", "x", "bytes=99999999-", "bytes=0-3", "bytes=0-1,3-4"])
def test_a_file_is_sent_whole_whatever_part_is_asked_for(client: httpx.Client, path: str, wanted: str) -> None:
    whole, part = client.get(path), client.get(path, headers={"Range": wanted})
    assert part.status_code == 200
    assert part.content == whole.content != b""


def test_the_largest_file_is_sent_as_it_is(client: httpx.Client) -> None:
    answer = client.get(LARGEST)
    assert answer.content == (STATIC / "docs" / "swagger-ui-bundle.js").read_bytes()
    assert answer.headers["content-length"] == str(len(answer.content))
    assert "transfer-encoding" not in answer.headers


@pytest.mark.parametrize("path", PATHS)
def test_who_has_a_file_is_told_so_and_not_sent_it_again(client: httpx.Client, path: str) -> None:
    first = client.get(path)
    tag = first.headers["etag"]
    for headers in (
        {"If-None-Match": tag},
        {"If-None-Match": f'"other", W/{tag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": first.headers["last-modified"]},
    ):
        again = client.get(path, headers=headers)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["cache-control"] == first.headers["cache-control"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {"If-None-Match": '"other"'},
        {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"If-Modified-Since": "yesterday"},
    ],
)
def test_who_has_another_file_is_sent_it(client: httpx.Client, path: str, headers: dict[str, str]) -> None:
    assert client.get(path, headers=headers).status_code == 200


def test_a_files_tag_comes_before_its_date(client: httpx.Client) -> None:
    headers = {"If-None-Match": '"other"', "If-Modified-Since": client.get("/docs").headers["last-modified"]}
    assert client.get("/docs", headers=headers).status_code == 200


def test_the_head_of_a_file_alone_can_be_asked_for(client: httpx.Client) -> None:
    whole, head = client.get(LARGEST), client.head(LARGEST)
    assert (head.status_code, head.content) == (200, b"")
    names = ("content-length", "content-type", "etag", "last-modified")
    assert [head.headers[name] for name in names] == [whole.headers[name] for name in names]


def test_an_answer_ends_though_its_file_is_cut_short_meanwhile(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(100_000_000))
    app = FastAPI()

    @app.get("/")
    async def answer() -> StoredFile:
        return StoredFile(file)

    with serving(app) as at:
        host, port = at.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            read = len(connection.recv(65_536))
            file.write_bytes(b"")
            while piece := connection.recv(65_536):
                read += len(piece)
    assert read < 100_000_000


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/static/docs/none.js", 404),
        ("GET", "/static/docs", 404),
        ("GET", "/static/" + "a" * 1_000, 404),
        ("GET", "/static/%00", 404),
        ("GET", "/static/..%2fmain.py", 404),
        ("PUT", "/static/docs/redoc.html", 405),
    ],
)
def test_what_is_no_file_is_a_problem(
    client: httpx.Client, problem: Check, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    problem(answer)
