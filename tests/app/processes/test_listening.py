import contextlib
import socket

import pytest

from app.processes.listening import bind_beside, documentation_of, listen, port_of, reserve


@pytest.fixture
def listening():
    opened: list[socket.socket] = []

    def open_(host: str, port: int = 0) -> list[socket.socket]:
        sockets = listen(host, port)
        opened.extend(sockets)
        return sockets

    yield open_
    for one in opened:
        one.close()


def test_a_port_that_is_in_use_is_refused(listening) -> None:
    port = port_of(listening("127.0.0.1"))
    with pytest.raises(OSError, match="in use"):
        listening("127.0.0.1", port)


def test_a_port_that_is_shared_by_others_is_not_reserved_again() -> None:
    reserved = reserve("127.0.0.1", 0)
    beside = bind_beside("127.0.0.1", port_of(reserved))
    try:
        beside[0].listen()
        for refused in (listen, reserve):
            with pytest.raises(OSError, match="in use"):
                refused("127.0.0.1", port_of(reserved))
    finally:
        for one in (*reserved, *beside):
            one.close()


def test_those_that_listen_beside_each_other_share_out_connections() -> None:
    with contextlib.ExitStack() as closing:
        (reserved,) = map(closing.enter_context, reserve("127.0.0.1", 0))
        port = port_of([reserved])
        listeners = [closing.enter_context(bind_beside("127.0.0.1", port)[0]) for _ in range(2)]
        for listener in listeners:
            listener.listen(64)
            listener.setblocking(False)
        for _ in range(64):
            closing.enter_context(socket.create_connection(("127.0.0.1", port)))
        shares = []
        for listener in listeners:
            accepted = 0
            with contextlib.suppress(BlockingIOError):
                while True:
                    closing.enter_context(listener.accept()[0])
                    accepted += 1
            shares.append(accepted)
    assert sum(shares) == 64
    assert min(shares) > 8


def test_all_addresses_of_a_host_get_the_same_port(listening) -> None:
    sockets = listening("localhost")
    assert {one.getsockname()[1] for one in sockets} == {port_of(sockets)}


@pytest.mark.parametrize(
    ("host", "shown"), [("127.0.0.1", "localhost"), ("0.0.0.0", "localhost"), ("127.0.0.2", "127.0.0.2")]
)
def test_the_documentation_is_where_a_browser_reaches_it(listening, host: str, shown: str) -> None:
    sockets = listening(host)
    assert documentation_of(sockets) == f"http://{shown}:{port_of(sockets)}/docs"


def test_a_host_without_an_address_is_refused(listening) -> None:
    with pytest.raises(OSError, match=r"not known|resolution|No address"):
        listening("no-such-host.invalid")
