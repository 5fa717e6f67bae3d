"""A server that stops, and one that cannot accept connections itself, over real sockets."""

import asyncio
import contextlib
import gc
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future

import pytest
from fastapi import FastAPI

from app.connections.observing import RefusalObserver
from app.connections.turning_away import DOOR, Door
from app.processes import server
from app.processes.listening import listen
from app.processes.server import Server
from app.serving.errors import OverloadedError
from app.settings import Settings
from app.telemetry.facts import Routes
from app.telemetry.metrics import Uncounted

PREDICT = b"POST /predict/digit HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"
GET = b"GET /asked HTTP/1.1\r\nHost: a\r\n\r\n"


class Served:
    """A service whose queues are all full, in a thread: its address, what it was asked for, and its end."""

    def __init__(self, settings: Settings) -> None:
        self.asked = 0
        self._ready: Future[asyncio.AbstractEventLoop] = Future()
        self._sockets = listen("127.0.0.1", 0)
        self._server = Server(settings, lambda: None, lambda _: self._application())
        self._thread = threading.Thread(target=self._server.run, args=(self._sockets,), daemon=True)
        self._thread.start()
        self._loop = self._ready.result(20)

    def connect(self) -> socket.socket:
        return socket.create_connection(self._sockets[0].getsockname(), timeout=5)

    def stop(self) -> None:
        """Tell it to stop, and wait until it knows."""
        told = threading.Event()
        self._loop.call_soon_threadsafe(lambda: (self._server.stop(), told.set()))
        assert told.wait(5)

    def end(self) -> None:
        if self._thread.is_alive():
            self.stop()
        self._thread.join(20)
        for one in self._sockets:
            one.close()
        # It froze all that the tests have.
        gc.unfreeze()

    def _application(self) -> FastAPI:
        def has_no_room(*_: object) -> None:
            raise OverloadedError("There is no room.")

        @contextlib.asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, object]]:
            observer = RefusalObserver(Routes([], []), Uncounted())
            self._ready.set_result(asyncio.get_running_loop())
            yield {DOOR: Door(has_no_room, 30, observer)}

        app = FastAPI(lifespan=lifespan)

        @app.get("/asked")
        async def answer() -> None:
            self.asked += 1

        return app


@contextlib.contextmanager
def served(settings: Settings) -> Iterator[Served]:
    service = Served(settings)
    try:
        yield service
    finally:
        service.end()


@pytest.fixture(autouse=True)
def _log_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "set_up_log", lambda *_: None)


def all_of(connection: socket.socket) -> bytes:
    answer = b""
    while chunk := connection.recv(65536):
        answer += chunk
    return answer


def test_of_a_server_that_stops_a_request_is_answered_though_the_one_before_it_was_refused() -> None:
    # Shorter than a connection rests.
    with served(Settings(drain_seconds=0.8)) as service, service.connect() as connection:
        connection.sendall(PREDICT)
        refused = connection.recv(65536)
        service.stop()
        connection.sendall(b"a")
        time.sleep(0.1)
        connection.sendall(GET)
        answer = all_of(connection)
    assert refused.startswith(b"HTTP/1.1 503 ")
    assert b"connection: close" not in refused
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer


def test_of_a_server_that_stops_nothing_is_looked_at_behind_the_refusal_that_closes_the_connection() -> None:
    with served(Settings(drain_seconds=0.5)) as service, service.connect() as connection:
        connection.sendall(GET)
        connection.recv(65536)
        service.stop()
        connection.sendall(PREDICT + b"a" + GET)
        answer = all_of(connection)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"connection: close" in answer
    assert answer.count(b"HTTP/1.1 ") == 1
    assert service.asked == 1


def test_where_it_cannot_accept_connections_itself_no_more_are_let_in_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "ACCEPTS", False)
    with served(Settings(max_connections=2)) as service, contextlib.ExitStack() as stack:
        for _ in range(2):
            connection = stack.enter_context(service.connect())
            connection.sendall(GET)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        answer = all_of(stack.enter_context(service.connect()))
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"2 connections are open" in answer
