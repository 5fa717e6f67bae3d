"""Hostile multipart forms over a real socket: each is answered, at a bounded cost."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from helpers.pictures import jpeg
from helpers.servers import serving

Check = Callable[[httpx.Response], dict[str, object]]

FORM = "multipart/form-data; boundary=x"
DISPOSITION = b'Content-Disposition: form-data; name="file"; filename="a"\r\n'
MOST_SECONDS = 2
"""Each takes a small fraction of it; what grows with the square of its size takes minutes."""


def part(headers: bytes, content: bytes = b"a") -> bytes:
    return b"--x\r\n" + headers + b"\r\n" + content + b"\r\n"


NESTED = b"--y\r\n" + DISPOSITION + b"\r\n" + jpeg((30, 30), (1, 2, 3)) + b"\r\n--y--\r\n"
HOSTILE = {
    "a header of 900 KB": part(DISPOSITION + b"X-Long: " + b"a" * 900_000 + b"\r\n"),
    "a header name of 900 KB": part(DISPOSITION + b"a" * 900_000 + b": a\r\n"),
    "100,000 headers": part(DISPOSITION + b"a: b\r\n" * 100_000),
    "a file name of 900 KB": part(
        b'Content-Disposition: form-data; name="file"; filename="' + b"a" * 900_000 + b'"\r\n'
    ),
    "a part without a name": part(b"Content-Type: image/png\r\n"),
    "12,000 files": part(DISPOSITION) * 12_000,
    "12,000 fields": part(b'Content-Disposition: form-data; name="a"\r\n') * 12_000,
    "almost a boundary, again and again": part(DISPOSITION, b"\r\n--" * 200_000),
    "a boundary that goes on, again and again": part(DISPOSITION, b"\r\n--xa" * 140_000),
    "newlines before the first part": b"\r\n" * 400_000 + part(DISPOSITION),
    "hyphens before the first part": b"--" * 400_000 + part(DISPOSITION),
}


@pytest.mark.parametrize("call", ["/predict/catdog", "/predict/catdog/batch"])
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_form_is_a_client_error_at_once(client: httpx.Client, problem: Check, call: str, body: bytes) -> None:
    start = time.monotonic()
    response = client.post(call, content=body + b"--x--\r\n", headers={"Content-Type": FORM})
    assert time.monotonic() - start < MOST_SECONDS
    if response.status_code != 200:
        assert response.status_code in {400, 415}
        problem(response)
    else:
        assert call.endswith("batch")
        assert [answer["status"] for answer in response.json()] == [415]


def test_a_form_that_takes_too_long_to_take_apart_is_given_up(tiny_models: Path) -> None:
    settings = Settings(models_dir=tiny_models, max_body_bytes=32_000_000)
    body = part(DISPOSITION, b"\r\n--xa" * 5_000_000) + b"--x--\r\n"
    with serving(create_app(settings)) as at, httpx.Client(base_url=at, timeout=60) as client:
        response = client.post("/predict/catdog", content=body, headers={"Content-Type": FORM})
    assert response.status_code == 400
    assert "too long to take apart" in response.json()["detail"]


def test_the_largest_honest_form_is_read(tiny_models: Path) -> None:
    settings = Settings(models_dir=tiny_models, max_body_bytes=32_000_000)
    with serving(create_app(settings)) as at, httpx.Client(base_url=at, timeout=60) as client:
        response = client.post("/predict/catdog", files={"file": b"\r\n--" * 7_000_000})
    assert response.status_code == 415


def test_the_reason_is_told(client: httpx.Client, problem: Check) -> None:
    response = client.post(
        "/predict/catdog", content=HOSTILE["100,000 headers"] + b"--x--\r\n", headers={"Content-Type": FORM}
    )
    assert problem(response)["detail"] == "The multipart form cannot be read: Maximum header count exceeded"


@pytest.mark.parametrize(
    "media_type",
    [
        "multipart/form-data; boundary=" + "x" * 300,
        "multipart/form-data; boundary=" + "x" * 20_000,
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=x" + ';"' * 10_000,
        "multipart/form-data" + ";" * 20_000,
    ],
)
def test_a_hostile_boundary_is_a_client_error(client: httpx.Client, problem: Check, media_type: str) -> None:
    start = time.monotonic()
    response = client.post("/predict/catdog", content=part(DISPOSITION), headers={"Content-Type": media_type})
    assert time.monotonic() - start < MOST_SECONDS
    assert response.status_code == 400
    problem(response)


@pytest.mark.parametrize("charset", ["undefined", "punycode", "idna", "zlib", "utf-7", "no such"])
def test_a_charset_that_is_no_charset_of_forms_is_refused(client: httpx.Client, problem: Check, charset: str) -> None:
    field = part(b'Content-Disposition: form-data; name="text"\r\n', b"oil-" * 100_000) + b"--x--\r\n"
    response = client.post("/predict/topic", content=field, headers={"Content-Type": f'{FORM}; charset="{charset}"'})
    assert response.status_code == 400
    assert "charset" in str(problem(response)["detail"])


def test_a_form_that_names_its_charset_is_read(client: httpx.Client) -> None:
    field = part(b'Content-Disposition: form-data; name="text"\r\n', "öl".encode()) + b"--x--\r\n"
    response = client.post("/predict/topic", content=field, headers={"Content-Type": f"{FORM}; charset=UTF-8"})
    assert response.status_code == 200


def test_a_form_within_a_form_is_not_unpacked(client: httpx.Client, problem: Check) -> None:
    body = part(DISPOSITION + b"Content-Type: multipart/mixed; boundary=y\r\n", NESTED) + b"--x--\r\n"
    response = client.post("/predict/catdog", content=body, headers={"Content-Type": FORM})
    assert response.status_code == 415
    problem(response)
