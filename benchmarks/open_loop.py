"""A load that does not wait for answers: requests come at a given rate, as those of strangers do.

A process of its own: reads an `Offer` as JSON from standard input and writes what became of it.
"""

import asyncio
import base64
import json
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import cast

import numpy as np
import uvloop

from benchmarks.speed.client import is_whole

SEED = 0


@dataclass(frozen=True)
class Offer:
    """`rate` requests a second, at moments that do not depend on each other (a Poisson process), for `seconds`.

    A request takes a connection that is free, or opens one; with `connections` all busy it is not sent.
    """

    host: str
    port: int
    request: bytes
    rate: float
    seconds: float
    connections: int
    patience: float
    """How long after the end the last answers are awaited, in seconds."""


@dataclass
class Outcome:
    """What became of an offer. Latencies in seconds, by status; `unanswered` had no answer or a closed connection."""

    offered: int = 0
    unsent: int = 0
    unanswered: int = 0
    latencies: dict[int, list[float]] = field(default_factory=dict)

    @property
    def statuses(self) -> Counter[int]:
        """How many answers came of each status."""
        return Counter({status: len(found) for status, found in self.latencies.items()})


async def offer_load(offer: Offer) -> Outcome:
    """Send requests at their moments and return what became of them."""
    loop = asyncio.get_running_loop()
    rng = np.random.default_rng(SEED)
    outcome, pool = Outcome(), _Pool(offer)
    moment = loop.time()
    end = moment + offer.seconds
    tasks: set[asyncio.Task[None]] = set()
    while (moment := moment + rng.exponential(1 / offer.rate)) < end:
        if (early := moment - loop.time()) > 0:
            await asyncio.sleep(early)
        outcome.offered += 1
        if not pool.has_room:
            outcome.unsent += 1
            continue
        task = loop.create_task(_ask(pool, outcome, moment))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    if tasks:
        await asyncio.wait(tasks, timeout=offer.patience)
    outcome.unanswered += len(tasks)
    for task in tasks:
        task.cancel()
    pool.close()
    # A transport lets go of its socket in the loop's next turn.
    await asyncio.sleep(0)
    return outcome


async def _ask(pool: "_Pool", outcome: Outcome, moment: float) -> None:
    try:
        status = await pool.ask()
    except OSError:
        outcome.unanswered += 1
        return
    latency = asyncio.get_running_loop().time() - moment
    outcome.latencies.setdefault(status, []).append(latency)


class _Pool:
    """Connections that are kept open between requests."""

    def __init__(self, offer: Offer) -> None:
        self._offer = offer
        self._opened: list[_Connection] = []
        self._free: list[_Connection] = []
        self._busy = 0

    @property
    def has_room(self) -> bool:
        """Whether one more request can be sent now."""
        return self._busy < self._offer.connections

    async def ask(self) -> int:
        """Send the request on a free connection, or on a new one, and return the answer's status.

        Raises:
            OSError: the connection cannot be opened, or was closed before the answer.
        """
        self._busy += 1
        try:
            connection = await self._connection()
            status = await connection.ask(self._offer.request)
            self._free.append(connection)
            return status
        finally:
            self._busy -= 1

    async def _connection(self) -> "_Connection":
        while self._free:
            connection = self._free.pop()
            if connection.is_open:
                return connection
        _, connection = await asyncio.get_running_loop().create_connection(
            _Connection, self._offer.host, self._offer.port
        )
        self._opened.append(connection)
        return connection

    def close(self) -> None:
        """Close all connections."""
        for connection in self._opened:
            connection.close()


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[int] | None = None
        self.is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.is_open = True

    def ask(self, request: bytes) -> "asyncio.Future[int]":
        """Send a request; the future is its answer's status."""
        self._answer = asyncio.get_running_loop().create_future()
        if self._transport is not None:
            self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._answer is None or not is_whole(self._received):
            return
        status = int(self._received[9:12])
        self._received.clear()
        if not self._answer.done():
            self._answer.set_result(status)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's own signature
        self.is_open = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("closed before its answer"))

    def close(self) -> None:
        """Close it."""
        if self._transport is not None:
            self._transport.abort()


def main() -> None:
    """Read an offer, make it, and write the outcome."""
    fields = json.load(sys.stdin)
    fields["request"] = base64.b64decode(fields["request"])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        json.dump(asdict(runner.run(offer_load(Offer(**fields)))), sys.stdout)


if __name__ == "__main__":
    main()
