"""A load generator that costs little: keep-alive HTTP/1.1 connections that send the same requests again and again."""

import asyncio
import functools
import time
from dataclasses import dataclass, field
from typing import cast

_HEAD_END = b"\r\n\r\n"
_CHUNK_END = b"\r\n0\r\n\r\n"

GRACE_SECONDS = 15
"""How long the load may take beyond its time, and a request may wait before it counts as refused."""

REFUSED_PAUSE_SECONDS = 0.05
"""How long a connection waits after a refusal, so that refusals do not become a load of their own."""


class LoadError(Exception):
    """The server closed a connection, or did not answer at all."""


@dataclass(frozen=True)
class Load:
    """What to send where: whole requests as bytes, in turn, on `concurrency` connections that each wait for the answer.

    It is measured for `seconds`, which begin once `warm_up` seconds have passed and as many answers have come as there
    are connections; or, if `answers` is given, until so many have come, if that is sooner.
    """

    host: str
    port: int
    requests: tuple[bytes, ...]
    concurrency: int
    warm_up: float
    seconds: float
    answers: int | None = None


@dataclass
class Measured:
    """What came within the measured time.

    `latencies`, in seconds, are of the answers with 200, whenever their request was begun: a slow server's throughput
    would else lack those that were under way at the beginning. `refused` counts other answers, and requests that were
    never answered; `refusal` is the first of these.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    refusal: str = ""


def request_bytes(path: str, body: bytes, content_type: str) -> bytes:
    """Write a POST request."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def drive(load: Load) -> Measured:
    """Send requests until the measured time is over and the last are answered, or the grace has passed too.

    Raises:
        LoadError: a connection was closed, or the answers came too late to be measured.
    """
    loop = asyncio.get_running_loop()
    clock = _Clock(load)
    connections = [
        await loop.create_connection(functools.partial(_Connection, load.requests, number, clock), load.host, load.port)
        for number in range(load.concurrency)
    ]
    try:
        limit = load.warm_up + load.seconds + GRACE_SECONDS
        done, _ = await asyncio.wait(
            [connection.done for _, connection in connections], timeout=limit, return_when=asyncio.FIRST_EXCEPTION
        )
        for future in done:
            future.result()
        hung = sum(connection.hangs() for _, connection in connections)
    finally:
        for transport, connection in connections:
            connection.done.cancel()
            transport.abort()
        # A transport lets go of its socket in the loop's next turn.
        await asyncio.sleep(0)
    return clock.result(hung)


class _Clock:
    """Says what is measured and when it ends."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._started = time.perf_counter()
        self._measured = Measured()
        self._last = 0.0
        self._answers = 0
        self._begin: float | None = None

    def answered(self, started: float, ended: float, refusal: str) -> bool:
        """Note an answer and say whether to go on. `refusal` is empty where the answer was 200."""
        self._answers += 1
        if self._begin is None:
            if self._answers >= self._load.concurrency and ended >= self._started + self._load.warm_up:
                self._begin = ended
            return True
        if self._over(ended):
            return False
        self._last = ended
        if refusal:
            self._measured.refused += 1
            self._measured.refusal = self._measured.refusal or refusal
        else:
            self._measured.latencies.append(ended - started)
        return not self._over(ended)

    def result(self, hung: int) -> Measured:
        """Return what was measured; requests that hang count as refused.

        Raises:
            LoadError: the measured time did not begin, or could not be had whole.
        """
        measured = self._measured
        if not self._over(time.perf_counter()):
            asked = f"{self._load.concurrency} clients had {self._answers} answers in all"
            raise LoadError(f"too slow to be measured, or hung: {asked}")
        if hung:
            measured.refused += hung
            measured.refusal = measured.refusal or f"no answer within {GRACE_SECONDS} s"
        measured.seconds = self._last - (self._begin or 0.0) if self._enough() else self._load.seconds
        return measured

    def _over(self, now: float) -> bool:
        return self._enough() or (self._begin is not None and now > self._begin + self._load.seconds)

    def _enough(self) -> bool:
        count = len(self._measured.latencies) + self._measured.refused
        return self._load.answers is not None and count >= self._load.answers


class _Connection(asyncio.Protocol):
    """Sends a request, waits for the whole answer, and sends the next until the clock says that it is over."""

    def __init__(self, requests: tuple[bytes, ...], offset: int, clock: _Clock) -> None:
        self._requests = requests
        self._offset = offset
        self._sent = 0
        self._clock = clock
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None
        self._started = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._started = time.perf_counter()
            self._transport.write(self._requests[(self._offset + self._sent) % len(self._requests)])
            self._sent += 1

    def hangs(self) -> bool:
        """Say whether the request that was sent last has waited too long for its answer."""
        return not self.done.done() and time.perf_counter() - self._started >= GRACE_SECONDS

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not is_whole(self._received):
            return
        ended = time.perf_counter()
        well = self._received.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200"))
        refusal = "" if well else f"the server answered: {bytes(self._received[:400])!r}"
        self._received.clear()
        if not self._clock.answered(self._started, ended, refusal):
            self._finish()
        elif refusal:
            asyncio.get_running_loop().call_later(REFUSED_PAUSE_SECONDS, self._send)
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(LoadError(f"the server closed the connection ({exc})"))

    def _finish(self) -> None:
        self.done.set_result(None)
        if self._transport is not None:
            self._transport.close()


def is_whole(received: bytearray) -> bool:
    """Say whether an answer has come whole: by its Content-Length, or by the last chunk."""
    head_end = received.find(_HEAD_END)
    if head_end < 0:
        return False
    head = bytes(received[:head_end]).lower() + b"\r\n"
    _, named, after = head.partition(b"\r\ncontent-length:")
    if named:
        return len(received) >= head_end + len(_HEAD_END) + int(after.partition(b"\r\n")[0])
    return received.endswith(_CHUNK_END)
