"""A load that does not wait for answers: requests come at a given rate, as those of strangers do.

It works without a task or a future for each request, since what it takes of the processor the service may lack.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from benchmarks.speed.client import is_whole

SEED = 0
IDLE_SECONDS = 4
"""A service that closes connections which nobody uses does not do so sooner."""
TURN_SECONDS = 0.002
"""How often it looks which requests are due; a request's latency counts from the moment at which it was due."""


@dataclass(frozen=True)
class Offer:
    """`rate` requests a second, at moments that do not depend on each other (a Poisson process), for `seconds`.

    A request takes a connection that is free, or opens one; with `connections` all busy it is not sent. If `fresh`,
    none is kept for a second request; and the rate may then be infinite: whoever was answered asks again at once.
    """

    host: str
    port: int
    request: bytes
    rate: float
    seconds: float
    connections: int
    patience: float
    """How long after the end the last answers are awaited, in seconds."""
    fresh: bool = False


@dataclass
class Outcome:
    """What became of an offer. Latencies in seconds, by status; `cpu_seconds` is what making it took.

    Of those without an answer, `raced` were sent on a connection that had been idle so long that the service may just
    then have closed it, which HTTP leaves to the client to see (RFC 9112, section 9.5); `unanswered` are all others.
    """

    offered: int = 0
    unsent: int = 0
    unanswered: int = 0
    raced: int = 0
    cpu_seconds: float = 0.0
    latencies: dict[int, list[float]] = field(default_factory=dict)

    @property
    def statuses(self) -> Counter[int]:
        """How many answers came of each status."""
        return Counter({status: len(found) for status, found in self.latencies.items()})


async def offer_load(offer: Offer) -> Outcome:
    """Send requests at their moments and return what became of them."""
    began = time.process_time()
    outcome = Outcome()
    pool = _Pool(offer, outcome)
    start = asyncio.get_running_loop().time()
    for due in start + moments(offer):
        while (early := due - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(max(early, TURN_SECONDS))
        pool.send(due)
        # Many that are due together must not keep answers from being seen.
        if outcome.offered % 16 == 0:
            await asyncio.sleep(0)
    until = asyncio.get_running_loop().time() + offer.patience
    while pool.busy and asyncio.get_running_loop().time() < until:
        await asyncio.sleep(0.01)
    outcome.unanswered += pool.busy
    outcome.cpu_seconds = time.process_time() - began
    pool.close()
    # A transport lets go of its socket in the loop's next turn.
    await asyncio.sleep(0)
    return outcome


def moments(offer: Offer) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return when each request is due, in seconds from the beginning."""
    rng = np.random.default_rng(SEED)
    return np.sort(rng.uniform(0, offer.seconds, rng.poisson(offer.rate * offer.seconds)))


class _Pool:
    """Connections that are kept open between requests."""

    def __init__(self, offer: Offer, outcome: Outcome) -> None:
        self._offer = offer
        self._outcome = outcome
        self._opened: set[_Connection] = set()
        self._free: list[_Connection] = []
        self._openings: set[asyncio.Task[None]] = set()
        self.busy = 0

    def send(self, due: float) -> None:
        """Send the request on a free connection, or on a new one, if not all are busy."""
        self._outcome.offered += 1
        if self.busy >= self._offer.connections:
            self._outcome.unsent += 1
            return
        self.busy += 1
        while self._free:
            connection = self._free.pop()
            if connection.is_open:
                connection.send(self._offer.request, due)
                return
        task = asyncio.get_running_loop().create_task(self._send_on_new(due))
        self._openings.add(task)
        task.add_done_callback(self._openings.discard)

    async def _send_on_new(self, due: float) -> None:
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: _Connection(self), self._offer.host, self._offer.port
            )
        except OSError:
            self.failed(raced=False)
            return
        self._opened.add(connection)
        connection.send(self._offer.request, due)

    def answered(self, connection: "_Connection", status: int, due: float) -> None:
        """Note an answer; the connection is free."""
        self.busy -= 1
        self._outcome.latencies.setdefault(status, []).append(asyncio.get_running_loop().time() - due)
        self._free.append(connection)

    def failed(self, *, raced: bool) -> None:
        """Note that a request will have no answer."""
        self.busy -= 1
        if raced:
            self._outcome.raced += 1
        else:
            self._outcome.unanswered += 1

    def lost(self, connection: "_Connection") -> None:
        """Forget a connection."""
        self._opened.discard(connection)

    def close(self) -> None:
        """Close all connections."""
        for connection in list(self._opened):
            connection.close()


class _Connection(asyncio.Protocol):
    def __init__(self, pool: _Pool) -> None:
        self._pool = pool
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None
        self._due: float | None = None
        self._free_since = self._sent = asyncio.get_running_loop().time()
        self.is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.is_open = True

    def send(self, request: bytes, due: float) -> None:
        """Send a request that was due at a moment."""
        self._due = due
        self._sent = asyncio.get_running_loop().time()
        if self._transport is not None:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._due is None or not is_whole(self._received):
            return
        status, due = int(self._received[9:12]), self._due
        self._received.clear()
        self._due = None
        self._free_since = asyncio.get_running_loop().time()
        self._pool.answered(self, status, due)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's own signature
        self.is_open = False
        self._pool.lost(self)
        if self._due is not None:
            self._due = None
            self._pool.failed(raced=self._sent - self._free_since > IDLE_SECONDS)

    def close(self) -> None:
        """Close it."""
        self._due = None
        if self._transport is not None:
            self._transport.abort()
