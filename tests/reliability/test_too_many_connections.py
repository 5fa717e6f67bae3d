"""With all connections taken the service still says that it lives, and tells others why they are not let in."""

import socket
from contextlib import ExitStack
from pathlib import Path

import httpx

from helpers.service_process import running_service


def test_a_service_whose_connections_are_all_taken_refuses_others_but_says_that_it_lives(tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    with running_service(models, tmp_path, {"QUARTET_MAX_CONNECTIONS": "2"}) as service:
        with ExitStack() as taken:
            for _ in range(2):
                connection = taken.enter_context(socket.create_connection(("127.0.0.1", service.port), timeout=10))
                connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
                assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
            refused = httpx.get(f"{service.address}/models", timeout=10)
            assert (refused.status_code, refused.headers["connection"]) == (503, "close")
            assert refused.json()["type"] == "/problems/overloaded"
            assert refused.json()["detail"].startswith("2 connections are open")
            assert httpx.get(f"{service.address}/health/live", timeout=10).status_code == 200
        with httpx.Client(base_url=service.address, timeout=10) as client:
            metrics = client.get("/metrics").text
        assert 'quartet_rejected_total{reason="connections-full",task=""} 1.0' in metrics
