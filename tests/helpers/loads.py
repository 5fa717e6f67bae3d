"""Clients that send one request after the other on a connection that they keep, and tell what became of each."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Sent:
    """A request whose bytes were all given to the kernel at `sent`, and how it ended: a status, or the error.

    `port` is the client's, of its connection; `ended` is when it was answered or failed. Times are of `time.monotonic`.
    """

    port: int
    sent: float
    ended: float
    status: int | None
    error: str = ""


@contextmanager
def load(address: str, path: str, body: bytes, clients: int) -> Iterator[list[Sent]]:
    """Send POST requests from as many threads as clients while the context lasts; the list grows meanwhile.

    A client connects again where its connection was closed, and gives up where it is refused.
    """
    host, port = address.removeprefix("http://").split(":")
    results: list[Sent] = []
    stopped = threading.Event()
    threads = [
        threading.Thread(target=_send, args=(host, int(port), path, body, results, stopped.is_set), daemon=True)
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield results
    finally:
        stopped.set()
        for thread in threads:
            thread.join(30)


def _send(host: str, port: int, path: str, body: bytes, results: list[Sent], stopped: Callable[[], bool]) -> None:
    while not stopped():
        connection = http.client.HTTPConnection(host, port, timeout=20)
        try:
            connection.connect()
        except OSError:
            return
        while not stopped() and _exchange(connection, path, body, results):
            pass
        connection.close()


def _exchange(connection: http.client.HTTPConnection, path: str, body: bytes, results: list[Sent]) -> bool:
    """Send one request and say whether the connection is still good."""
    port = connection.sock.getsockname()[1]
    try:
        connection.request("POST", path, body, {"Content-Type": "text/plain"})
    except OSError:
        return False
    sent = time.monotonic()
    try:
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        results.append(Sent(port, sent, time.monotonic(), None, error=repr(error)))
        return False
    results.append(Sent(port, sent, time.monotonic(), answer.status))
    return not answer.will_close
