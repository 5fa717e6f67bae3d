"""Every error that a request can cause, over a real socket: a 4xx with problem details, and the service lives on."""

import logging
import socket
from collections.abc import Callable, Iterator

import httpx
import pytest

from app.problem_types import PROBLEM_TYPES
from helpers.pictures import bomb_png, jpeg, png
from helpers.servers import exchange

Check = Callable[[httpx.Response], dict[str, object]]

PICTURE = jpeg((300, 200), (120, 90, 60))
MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}
JSON = {"Content-Type": "application/json"}


def field(name: str, content: str, filename: str | None = None) -> bytes:
    file = f'; filename="{filename}"' if filename is not None else ""
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{content}\r\n--x--\r\n'.encode()


@pytest.fixture(autouse=True)
def _alive_and_without_a_trace(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """After every bad request the service still answers, and logged no exception."""
    yield
    assert client.post("/predict/catdog", content=PICTURE).status_code == 200
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


BAD_UPLOADS = {
    "zero bytes": (b"", 400, "empty-input"),
    "not a picture": (bytes(range(256)) * 20, 415, "unsupported-media"),
    "a text named .jpg": (b"This is a text, whatever its name says.", 415, "unsupported-media"),
    "a page of HTML": (b"<!DOCTYPE html><html></html>", 415, "unsupported-media"),
    "a truncated JPEG": (PICTURE[: len(PICTURE) // 2], 422, "broken-input"),
    "a truncated PNG": (png("RGB", (90, 90), (1, 2, 3))[:70], 422, "broken-input"),
    "a 60,000 x 60,000 PNG": (bomb_png(), 422, "oversized-input"),
}


@pytest.mark.parametrize(
    "call", ["/predict/digit", "/predict/catdog", "/predict/pneumonia", "/explain/catdog", "/explain/pneumonia"]
)
@pytest.mark.parametrize(("content", "status", "slug"), BAD_UPLOADS.values(), ids=BAD_UPLOADS)
def test_a_bad_picture_is_refused_as_upload_and_as_body(
    client: httpx.Client, problem: Check, call: str, content: bytes, status: int, slug: str
) -> None:
    for response in (
        client.post(call, files={"file": ("picture.jpg", content, "image/jpeg")}),
        client.post(call, content=content, headers={"Content-Type": "image/jpeg"}),
    ):
        assert response.status_code == status
        assert problem(response)["type"] == f"/problems/{slug}"


BAD_TEXTS = {
    "no text": ({"content": b""}, 400, "empty-input"),
    "white space": ({"json": {"text": " \n\t "}}, 400, "empty-input"),
    "not UTF-8": ({"content": b"\xff\xfe\x00oil"}, 415, "unsupported-media"),
    "a picture": ({"files": {"file": ("a.txt", PICTURE)}}, 415, "unsupported-media"),
    "a book": ({"content": b"oil " * 30_000}, 422, "oversized-input"),
}


@pytest.mark.parametrize("call", ["/predict/topic", "/explain/topic"])
@pytest.mark.parametrize(("body", "status", "slug"), BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_a_bad_text_is_refused(
    client: httpx.Client, problem: Check, call: str, body: dict[str, object], status: int, slug: str
) -> None:
    response = client.post(call, **body)
    assert response.status_code == status
    assert problem(response)["type"] == f"/problems/{slug}"


MALFORMED = {
    "broken JSON": ("/predict/topic", b'{"text": ', JSON, "Invalid JSON: EOF"),
    "JSON that is a list": ("/predict/topic", b'["oil"]', JSON, "Input should be an object"),
    "deeply nested JSON": ("/predict/topic", b"[" * 100_000, JSON, "recursion limit"),
    "JSON in UTF-16": ("/predict/topic", '{"text": "oil"}'.encode("utf-16"), JSON, "Invalid JSON"),
    "half a surrogate pair": ("/predict/topic", b'{"text": "\\ud800"}', JSON, "Invalid JSON"),
    "JSON without the field": ("/predict/topic", b"{}", JSON, "text: Field required"),
    "JSON with a number": ("/predict/topic", b'{"text": 3}', JSON, "text: Input should be a valid string"),
    "a number among texts": ("/predict/topic/batch", b'{"texts": ["a", 3]}', JSON, "texts.1: Input should be"),
    "a form without a boundary": (
        "/predict/digit",
        b"",
        {"Content-Type": "multipart/form-data"},
        "Missing boundary",
    ),
    "a form that is none": ("/predict/digit", b"nothing of a form", MULTIPART, "The multipart form cannot be read"),
    "an empty form": ("/predict/digit", b"--x--\r\n", MULTIPART, "No file was sent"),
    "a form cut short": ("/predict/digit", field("file", "abc", "a.png")[:-9], MULTIPART, "closing boundary"),
    "a part without a name": (
        "/predict/digit",
        b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n",
        MULTIPART,
        '"name" must be provided',
    ),
    "a form with no file": ("/predict/digit", field("comment", "hello"), MULTIPART, "No file was sent"),
    "a form with no file chosen": ("/predict/digit", field("file", "", ""), MULTIPART, "No file was sent"),
    "a path instead of a file": ("/predict/digit", field("file", "a.png"), MULTIPART, "curl needs an @"),
    "two files": (
        "/predict/digit",
        field("file", "a", "a")[:-5] + b"\r\n" + field("file", "b", "b"),
        MULTIPART,
        "2 files were sent where one is read. /predict/digit/batch takes many.",
    ),
    "a top of none": ("/predict/topic?top=0", b"oil", {}, "query.top: Input should be greater than or equal to 1"),
    "a top too high": ("/predict/topic?top=47", b"oil", {}, "query.top: Input should be less than or equal to 46"),
    "a threshold above 1": ("/predict/pneumonia?threshold=1.5", b"", {}, "query.threshold: Input should be less"),
    "a threshold of NaN": ("/predict/pneumonia?threshold=nan", b"", {}, "query.threshold"),
    "words of none": ("/explain/topic?words=0", b"oil", {}, "query.words: Input should be greater"),
    "too many words": ("/explain/topic?words=1001", b"oil", {}, "query.words: Input should be less"),
    "a threshold to explain above 1": ("/explain/pneumonia?threshold=2", b"", {}, "query.threshold: Input should be"),
    "nothing to explain": ("/explain/catdog", field("comment", "hello"), MULTIPART, "No file was sent"),
    "a threshold that is no number": ("/predict/pneumonia?threshold=high", b"", {}, "query.threshold"),
}


@pytest.mark.parametrize(("path", "content", "headers", "detail"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_request_is_told_what_is_wrong(
    client: httpx.Client, problem: Check, path: str, content: bytes, headers: dict[str, str], detail: str
) -> None:
    response = client.post(path, content=content, headers=headers)
    assert response.status_code == 400
    body = problem(response)
    assert body["type"] == "/problems/malformed-request"
    assert detail in str(body["detail"])


def test_a_body_full_of_errors_is_told_the_first_alone(client: httpx.Client, problem: Check) -> None:
    response = client.post("/predict/topic/batch", json={"texts": [1] * 1_000, **dict.fromkeys("abc", 1)})
    assert problem(response)["detail"] == "texts.0: Input should be a valid string"


@pytest.mark.parametrize(
    "path", ["/predict/horse", "/explain/digit", "/nothing", "/predict/digit/", "/static/docs/none.js", "/v1"]
)
def test_an_unknown_path_is_not_found(client: httpx.Client, problem: Check, path: str) -> None:
    response = client.post(path) if path.startswith(("/predict", "/explain")) else client.get(path)
    assert response.status_code == 404
    assert problem(response)["detail"] == f"There is nothing at {path}. /docs lists the calls."


def test_a_wrong_method_is_not_allowed_and_told_the_right_one(client: httpx.Client, problem: Check) -> None:
    response = client.get("/predict/digit")
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert problem(response)["type"] == "/problems/method-not-allowed"


@pytest.mark.parametrize("sent", ["x" * 129, "a b", "a\tb", "-dash", "naïve".encode()])
def test_an_insane_request_id_is_replaced(client: httpx.Client, problem: Check, sent: str | bytes) -> None:
    response = client.get("/nothing", headers={"X-Request-ID": sent})
    assert len(str(problem(response)["request_id"])) == 32


def test_a_body_over_the_limit_is_too_large(client: httpx.Client, problem: Check) -> None:
    response = client.post("/predict/catdog", content=bytes(1_000_001))
    assert response.status_code == 413
    assert problem(response)["detail"] == "The body is larger than 1,000,000 bytes."


def test_a_chunked_body_over_the_limit_is_cut_off_while_it_is_read(client: httpx.Client, problem: Check) -> None:
    response = client.post("/predict/catdog", content=(bytes(100_000) for _ in range(30)))
    assert response.status_code == 413
    assert problem(response)["type"] == "/problems/content-too-large"


def test_a_multipart_body_over_the_limit_is_too_large(client: httpx.Client, problem: Check) -> None:
    response = client.post("/predict/catdog/batch", files=[("files", bytes(400_000))] * 3)
    assert response.status_code == 413
    problem(response)


def test_a_body_announced_as_too_large_is_refused_before_it_is_sent(address: str) -> None:
    head = b"POST /predict/catdog HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"
    answer = exchange(address, head)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"100 Continue" not in answer
    assert b"application/problem+json" in answer


def test_a_content_length_longer_than_the_body_leaves_no_trace(address: str) -> None:
    head = b"POST /predict/catdog HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n"
    exchange(address, head, b"only this", half_close=True)


def test_a_content_length_shorter_than_the_body_reads_no_further(address: str) -> None:
    head = b"POST /predict/catdog HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"
    assert exchange(address, head + PICTURE).startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize("length", [b"-1", b"1e3", b"99999999999999999999999999", b"\xb2"])
def test_a_nonsensical_content_length_is_a_client_error(address: str, length: bytes) -> None:
    head = b"POST /predict/catdog HTTP/1.1\r\nHost: a\r\nContent-Length: " + length + b"\r\n\r\n"
    assert exchange(address, head, b"a").startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"Transfer-Encoding: gzip, chunked, gzip\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffffff\r\nabc",
        b"Transfer-Encoding: chunked\r\n\r\n-5\r\nabc",
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n",
    ],
)
def test_ambiguous_framing_is_refused_and_the_connection_closed(address: str, framing: bytes) -> None:
    # What one reader takes for a body, another takes for a second request (request smuggling, RFC 9112, section 11.2).
    head = b"POST /predict/catdog HTTP/1.1\r\nHost: a\r\n" + framing
    answer = exchange(address, head, b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer
    assert b"200 OK" not in answer


def test_a_body_without_length_is_none(address: str) -> None:
    answer = exchange(address, b"POST /predict/catdog HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"/problems/empty-input" in answer


def test_a_client_that_goes_away_half_way_leaves_no_trace(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"POST /predict/catdog HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n" + PICTURE[:99])


def test_every_type_uri_leads_to_its_explanation(client: httpx.Client) -> None:
    for type_ in PROBLEM_TYPES:
        page = client.get(type_.uri)
        assert page.status_code == 200
        assert page.json() == {
            "type": type_.uri,
            "title": type_.title,
            "status": type_.status,
            "meaning": type_.meaning,
        }


def test_an_unknown_type_uri_is_not_found(client: httpx.Client, problem: Check) -> None:
    assert problem(client.get("/problems/none"))["type"] == "/problems/not-found"
