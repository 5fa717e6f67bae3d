"""What is accepted, over real sockets, on both event loops that a server may have."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from contextlib import ExitStack

import pytest
import uvloop

from app.connections import accepting
from app.connections.accepting import HEALTH_RESERVE, Acceptor

FULL = b"HTTP/1.1 503 Service Unavailable\r\n\r\n"
HEALTH = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"
PREDICT = b"POST /predict/digit HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"


class Echo(asyncio.Protocol):
    """Answers what comes with itself."""

    def __init__(self, opened: set["Echo"]) -> None:
        self._opened = opened

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._opened.add(self)

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._opened.discard(self)

    def close(self) -> None:
        self._transport.close()


class House:
    """An acceptor of `most` connections, and clients of it."""

    def __init__(self, stack: ExitStack, most: int) -> None:
        self._stack = stack
        self.opened: set[Echo] = set()
        self._listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.acceptor = Acceptor(lambda: Echo(self.opened), self.opened, most, lambda: FULL)
        self.acceptor.start([self._listening], 1024)

    def client(self, sends: bytes = b"") -> socket.socket:
        """A connection whose first bytes, if any, are there when it is accepted."""
        connection = self._stack.enter_context(socket.socket())
        connection.connect(self._listening.getsockname())
        connection.sendall(sends)
        connection.setblocking(False)
        return connection

    async def answer_to(self, connection: socket.socket, size: int = 65_536) -> bytes:
        return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(connection, size), 5)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run_with(request: pytest.FixtureRequest) -> Callable[[int, Callable[[House], Coroutine[None, None, None]]], None]:
    def run(most: int, scenario: Callable[[House], Coroutine[None, None, None]]) -> None:
        async def all_of_it() -> None:
            with ExitStack() as stack:
                house = House(stack, most)
                await scenario(house)
                await house.acceptor.stop()
                for connection in list(house.opened):
                    connection.close()
                await asyncio.sleep(0.01)

        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(all_of_it())

    return run


def test_one_too_many_is_told_so_and_closed_though_it_has_sent_a_request(run_with) -> None:
    async def scenario(house: House) -> None:
        first = house.client(PREDICT)
        assert await house.answer_to(first) == PREDICT
        beyond = house.client(PREDICT)
        assert await house.answer_to(beyond) == FULL
        assert await house.answer_to(beyond) == b""
        first.close()
        while house.opened:
            await asyncio.sleep(0.01)
        assert await house.answer_to(house.client(PREDICT)) == PREDICT

    run_with(1, scenario)


def test_more_than_are_accepted_in_one_turn_are_all_accepted(run_with, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepting, "AT_ONCE", 4)

    async def scenario(house: House) -> None:
        clients = [house.client(PREDICT) for _ in range(10)]
        assert [await house.answer_to(client) for client in clients] == [PREDICT] * len(clients)

    run_with(10, scenario)


def test_of_those_that_come_together_no_more_are_opened_than_may_be(run_with) -> None:
    async def scenario(house: House) -> None:
        clients = [house.client(PREDICT) for _ in range(10)]
        answers = [await house.answer_to(client) for client in clients]
        assert sorted(answers) == [FULL] * 7 + [PREDICT] * 3

    run_with(3, scenario)


def test_who_asks_for_health_is_let_in_beyond_the_most_at_once_or_a_moment_later(
    run_with, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "LATE_SECONDS", 0.5)

    async def scenario(house: House) -> None:
        await house.answer_to(house.client(PREDICT))
        assert await house.answer_to(house.client(HEALTH)) == HEALTH
        late = house.client()
        # It has been accepted, and looked at.
        await asyncio.sleep(0.01)
        late.sendall(HEALTH)
        assert await house.answer_to(late) == HEALTH

    run_with(1, scenario)


def test_what_comes_after_the_beginning_of_who_is_let_in_beyond_the_most_comes_after_it(run_with) -> None:
    async def scenario(house: House) -> None:
        await house.answer_to(house.client(PREDICT))
        asking = house.client(HEALTH[:20])
        # It has been accepted, and begun to be read.
        await asyncio.sleep(0.01)
        asking.sendall(HEALTH[20:])
        answer = b""
        while len(answer) < len(HEALTH):
            answer += await house.answer_to(asking)
        assert answer == HEALTH

    run_with(1, scenario)


def test_who_is_silent_beyond_the_most_is_refused(run_with) -> None:
    async def scenario(house: House) -> None:
        await house.answer_to(house.client(PREDICT))
        assert await house.answer_to(house.client()) == FULL

    run_with(1, scenario)


def test_connections_beyond_the_most_are_bounded_whatever_they_ask_for_or_do_not(run_with) -> None:
    async def scenario(house: House) -> None:
        for _ in range(1 + HEALTH_RESERVE):
            await house.answer_to(house.client(HEALTH))
        assert await house.answer_to(house.client(HEALTH)) == FULL
        assert await house.answer_to(house.client()) == FULL
        assert len(house.opened) == 1 + HEALTH_RESERVE

    run_with(1, scenario)


def test_what_was_accepted_before_the_stop_is_opened_and_nothing_after_it(run_with) -> None:
    async def scenario(house: House) -> None:
        first = house.client(PREDICT)
        while not house.opened:
            await asyncio.sleep(0)
        silent = house.client()
        await asyncio.sleep(0.01)
        await house.acceptor.stop()
        assert await house.answer_to(first) == PREDICT
        assert await house.answer_to(silent) == FULL
        after = house.client(PREDICT)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.get_running_loop().sock_recv(after, 1), 0.2)

    run_with(1, scenario)
