"""The service on a real socket, in a thread of the test process."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from app.connections.limits import ConnectionLimits
from app.connections.protocol import limited_protocol
from app.connections.refusals import Refusals


@contextmanager
def serving(
    app: FastAPI, limits: ConnectionLimits | None = None, *, bare: bool = False, keep_alive: float = 5
) -> Iterator[str]:
    """Serve an application on a free port, `bare` with uvicorn's own protocol, and give `http://127.0.0.1:PORT`."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        protocol = "httptools" if bare else limited_protocol(limits or ConnectionLimits(), Refusals())
        config = uvicorn.Config(app, http=protocol, ws="none", log_level="warning", timeout_graceful_shutdown=5)
        config.timeout_keep_alive = keep_alive
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the server did not start")
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=20)


def exchange(address: str, *parts: bytes, half_close: bool = False) -> bytes:
    """Send raw bytes to a server and return all that it answers until it closes, or is silent for a second."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        for part in parts:
            try:
                connection.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                break
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        connection.settimeout(1)
        answer = b""
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except (TimeoutError, ConnectionResetError):
            pass
    return answer
