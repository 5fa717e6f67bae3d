import socket

import pytest

from app.processes.listening import documentation_of, listen, port_of


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
