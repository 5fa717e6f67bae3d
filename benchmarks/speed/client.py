"""A load generator that costs little: keep-alive HTTP/1.1 connections that send the same request again and again."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

_HEAD_END = b"\r\n\r\n"
_CHUNK_END = b"0\r\n\r\n"


class LoadError(Exception):
    """The server closed a connection, answered with another status than 200, or not at all."""


@dataclass(frozen=True)
class Load:
    """What to send where: the whole request as bytes, on `concurrency` connections, each waiting for its answer.

    Requests of the first `warm_up` seconds are not measured, those of the next `seconds` are.
    """

    host: str
    port: int
    request: bytes
    concurrency: int
    warm_up: float
    seconds: float


def request_bytes(path: str, body: bytes, content_type: str) -> bytes:
    """Write a POST request."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def drive(load: Load) -> list[float]:
    """Send requests and return the latency, in seconds, of each that was begun and answered while it was measured.

    Raises:
        LoadError: a request was not answered with 200.
    """
    loop = asyncio.get_running_loop()
    begin = time.perf_counter() + load.warm_up
    end = begin + load.seconds
    latencies: list[float] = []

    def measured(started: float, ended: float) -> bool:
        if started >= begin and ended <= end:
            latencies.append(ended - started)
        return ended < end

    connections = [
        await loop.create_connection(lambda: _Connection(load.request, measured), load.host, load.port)
        for _ in range(load.concurrency)
    ]
    try:
        await asyncio.gather(*(connection.done for _, connection in connections))
    finally:
        for transport, _ in connections:
            transport.abort()
        # A transport lets go of its socket in the loop's next turn.
        await asyncio.sleep(0)
    return latencies


class _Connection(asyncio.Protocol):
    """Sends the request, waits for the whole answer, and sends it again until `again` says no."""

    def __init__(self, request: bytes, again: Callable[[float, float], bool]) -> None:
        self._request = request
        self._again = again
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None
        self._started = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._send(self._transport)

    def _send(self, transport: asyncio.Transport) -> None:
        self._started = time.perf_counter()
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not _is_whole(self._received):
            return
        ended = time.perf_counter()
        if not self._received.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
            self._fail(f"the server answered: {bytes(self._received[:400])!r}")
            return
        self._received.clear()
        if self._again(self._started, ended) and self._transport is not None:
            self._send(self._transport)
        else:
            self._finish()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the server closed the connection ({exc})")

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)
        if self._transport is not None:
            self._transport.close()

    def _fail(self, reason: str) -> None:
        if not self.done.done():
            self.done.set_exception(LoadError(reason))
        if self._transport is not None:
            self._transport.close()


def _is_whole(received: bytearray) -> bool:
    """Say whether an answer has come whole: by its Content-Length, or by the last chunk."""
    head_end = received.find(_HEAD_END)
    if head_end < 0:
        return False
    head = bytes(received[:head_end]).lower()
    at = head.find(b"content-length:")
    if at >= 0:
        length = int(head[at + 15 :].partition(b"\r\n")[0])
        return len(received) >= head_end + len(_HEAD_END) + length
    return received.endswith(_CHUNK_END)
