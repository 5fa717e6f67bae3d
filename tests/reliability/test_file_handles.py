"""Without file handles no new client comes in; those that are there are answered, and all is well once some close."""

import contextlib
import resource
import socket
import time
from pathlib import Path

import httpx

from helpers.pictures import png
from helpers.service_process import MODELS, ServiceProcess, running_service

PICTURE = png("RGB", (30, 30), (220, 30, 30))
SPARE = 20
IDLE_CLIENTS = 200
FILES = ("/docs", "/static/page/main.js", "/models/digit/card", "/models/digit/plots/confusion.png")


def is_answered(client: httpx.Client) -> bool:
    return client.post("/predict/catdog", content=PICTURE).status_code == 200


def comes_to_be_answered(service: ServiceProcess, seconds: float) -> bool:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        with contextlib.suppress(httpx.TransportError), httpx.Client(base_url=service.address, timeout=2) as client:
            return is_answered(client)
        time.sleep(0.1)
    return False


def test_a_service_out_of_file_handles_answers_its_clients_rests_and_recovers(tmp_path: Path) -> None:
    with (
        running_service(MODELS, tmp_path) as service,
        httpx.Client(base_url=service.address, timeout=30) as client,
        contextlib.ExitStack() as idle,
    ):
        assert is_answered(client)
        assert client.get("/docs").status_code == 200
        service.limit(resource.RLIMIT_NOFILE, service.open_files() + SPARE)
        for _ in range(IDLE_CLIENTS):
            with contextlib.suppress(OSError):
                idle.enter_context(socket.create_connection(("127.0.0.1", service.port), timeout=1))
        before, began = service.cpu_seconds(), time.perf_counter()
        while time.perf_counter() < began + 2:
            assert is_answered(client)
            time.sleep(0.25)
        assert service.cpu_seconds() - before < 1
        assert client.get("/health/ready").status_code == 200
        # What needs a file.
        for path in FILES:
            answer = client.get(path)
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/files-unavailable"), path
        assert "Traceback" not in service.log
        idle.close()
        assert comes_to_be_answered(service, 10)
        assert [client.get(path).status_code for path in FILES] == [200] * len(FILES)
        assert service.is_alive
