"""The service as a process of its own, started and stopped as its users do."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from helpers.pictures import bomb_png, jpeg
from helpers.servers import exchange

PICTURE = jpeg((60, 60), (220, 30, 30))


@pytest.fixture
def process(tiny_models: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "app.cli", "serve", "--port", "0", "--models", str(tiny_models)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        yield started
        started.kill()


def test_it_says_where_it_answers_survives_bad_input_and_stops_on_a_signal(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stderr is not None
    ready = re.fullmatch(r"Quartet is ready: (http://localhost:\d+)/docs\n", process.stdout.readline())
    assert ready
    address = ready[1].replace("localhost", "127.0.0.1")
    with httpx.Client(base_url=address, timeout=30) as client:
        assert client.get("/docs").status_code == 200
        for bad in (b"", b"text", PICTURE[:99], bomb_png()):
            assert 400 <= client.post("/predict/catdog", content=bad).status_code < 500
        exchange(address, b"not even HTTP\r\n\r\n")
        exchange(address, b"POST /predict/catdog HTTP/1.1\r\nContent-Length: 99\r\n\r\nshort", half_close=True)
        assert client.post("/predict/catdog", files={"file": PICTURE}).json()["label"] == "cat"
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    log = process.stderr.read()
    assert process.wait(20) == 0
    assert "Traceback" not in log
    assert "pneumonia: version 1 serves" in log


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MAX_PIXELS", "-5", "quartet serve: QUARTET_MAX_PIXELS: Input should be greater than or equal to 1\n"),
        ("API_KEYS_FILE", "gone.toml", "the keys file gone.toml cannot be read: No such file or directory"),
        ("MODEL_PUBLIC_KEY", "gone.pub", "the public key gone.pub cannot be read: No such file or directory"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "serve"],
        env={**os.environ, f"QUARTET_{name}": value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_port_that_is_in_use_is_named_before_any_model_is_loaded(processes: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", "serve", "--port", port, "--processes", processes],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"quartet serve: cannot listen on 127.0.0.1, port {port}: ")
    assert done.stderr.count("\n") == 1
