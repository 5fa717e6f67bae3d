"""A service that is told to stop, as an orchestrator does, while it is in use."""

import os
import signal
import socket
import subprocess
import time
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from helpers.loads import load
from helpers.pictures import digit_png, encoded
from helpers.services import Service, command, service, wait_until

TEXT = b"Oil prices rose after OPEC agreed to cut output."
# Tens of milliseconds of a worker's time.
SLOW_PICTURE = encoded(Image.open(BytesIO(digit_png())).resize((1200, 1200)), "PNG")


def stopped(running: Service, seconds: float) -> int:
    """Wait until a service has ended, the processes under it too, and return its exit status."""
    under = running.serving_processes()
    status = running.process.wait(seconds)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in under), 3)
    return status


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize(
    ("path", "body"),
    [("/predict/topic", TEXT), ("/predict/digit", SLOW_PICTURE)],
    ids=["many texts", "queued pictures"],
)
def test_no_accepted_request_is_lost(models: Path, tmp_path: Path, processes: int, path: str, body: bytes) -> None:
    with (
        service(models, tmp_path / "log", "--processes", str(processes), workers=1, log_level="warning") as running,
        load(running.address, path, body, clients=12) as requests,
    ):
        wait_until(lambda: len(requests) > 12, 30)
        told = time.monotonic()
        # To all its processes, as a service manager or Ctrl-C does.
        os.killpg(running.process.pid, signal.SIGTERM)
        assert stopped(running, 12) == 0
    accepted = [request for request in requests if request.sent < told]
    assert any(request.ended > told for request in accepted)
    assert {(request.status, request.error) for request in accepted} == {(200, "")}
    assert "Traceback" not in running.log.read_text()


@pytest.mark.parametrize("processes", [1, 2])
def test_while_it_drains_it_is_not_ready_but_answers(models: Path, tmp_path: Path, processes: int) -> None:
    with (
        service(models, tmp_path / "log", "--processes", str(processes), drain_seconds=2) as running,
        httpx.Client(base_url=running.address, timeout=20) as client,
    ):
        assert "shutting down" not in client.get("/health/ready").json()["detail"]
        told = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "shutting down" in client.get("/health/ready").json()["detail"], 1)
        # The other process hears of it within a tick.
        time.sleep(0.3)
        for _ in range(8):
            refusal = client.get("/health/ready")
            assert refusal.status_code == 503
            assert refusal.json()["detail"] == "The service is shutting down."
        answer = client.post("/predict/topic", content=TEXT, headers={"Content-Type": "text/plain"})
        assert answer.status_code == 200
        assert answer.headers["connection"] == "close"
        assert client.get("/health/live").status_code == 200
        assert stopped(running, 10) == 0
        assert time.monotonic() - told >= 2
        with pytest.raises(httpx.ConnectError):
            client.get("/health/live")


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(models: Path, tmp_path: Path, processes: int, stop: signal.Signals) -> None:
    with service(models, tmp_path / "log", "--processes", str(processes), drain_seconds=60) as running:
        running.process.send_signal(stop)
        time.sleep(0.5)
        assert running.process.poll() is None
        running.process.send_signal(stop)
        assert stopped(running, 3) == -stop


@pytest.mark.parametrize("processes", [1, 2])
def test_an_upload_that_never_ends_holds_it_up_no_longer_than_is_stated(
    models: Path, tmp_path: Path, processes: int
) -> None:
    with service(models, tmp_path / "log", "--processes", str(processes), shutdown_seconds=1) as running:
        host, port = running.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"POST /predict/digit HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\nshort")
            time.sleep(0.2)
            told = time.monotonic()
            running.process.send_signal(signal.SIGTERM)
            assert stopped(running, 10) == 0
            assert 1 <= time.monotonic() - told < 4


@pytest.mark.parametrize("processes", [1, 2])
def test_a_signal_while_it_loads_models_ends_it_at_once(models: Path, tmp_path: Path, processes: int) -> None:
    log = tmp_path / "log"
    with (
        log.open("w") as log_file,
        subprocess.Popen(
            command(models, "--processes", str(processes)), stdout=subprocess.PIPE, stderr=log_file
        ) as started,
    ):
        wait_until(lambda: "Waiting for application startup" in log.read_text(), 30)
        started.send_signal(signal.SIGTERM)
        assert started.wait(3) in {0, -signal.SIGTERM}
        assert started.stdout is not None
        assert started.stdout.read() == b""
