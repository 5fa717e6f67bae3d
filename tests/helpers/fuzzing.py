"""Sends hostile requests to a running service on several connections, and keeps a tally of what it answers."""

import asyncio
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from helpers.hostile import HostileRequest, hostile_request
from helpers.service_process import ServiceProcess

CONNECTIONS = 8
PATIENCE = 60.0
"""Seconds without an answer that count as a hang."""
QUIET = 0.25
"""Seconds after which a request that breaks HTTP's rules is taken to be waited on for more; no more is then sent."""
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """One answer, as it came."""

    status: int
    head: bytes
    body: bytes

    @property
    def closes(self) -> bool:
        return b"\r\nconnection: close" in self.head.lower()


@dataclass
class Tally:
    """What was sent and what came back. `failures` says, for each request that broke a promise, which and how."""

    seed: int
    statuses: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    slowest: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    resident_kib: list[tuple[int, int]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def count(self) -> int:
        return sum(counts.total() for counts in self.statuses.values())

    def slope_kib(self) -> float:
        """By how much the resident memory grew for each 1,000 requests of the last half.

        A line is fitted to the least of every ten samples: what is in work at the moment comes and goes above it.
        """
        half = np.array([sample for sample in self.resident_kib if sample[0] >= self.count / 2], float)
        windows = [half[start : start + 10] for start in range(0, len(half) - 9, 10)]
        sent, floor = np.array([(window[:, 0].mean(), window[:, 1].min()) for window in windows]).T
        return float(np.polyfit(sent, floor, 1)[0]) * 1000

    def table(self) -> str:
        """The figures as Markdown."""
        classes = ("2xx", "4xx", "503", "504", "5xx", "none")
        rows = [
            f"| {kind} | {counts.total():,} | {' | '.join(f'{counts[name]:,}' for name in classes)} "
            f"| {self.slowest[kind] * 1000:,.0f} |"
            for kind, counts in sorted(self.statuses.items())
        ]
        first, last = self.resident_kib[0][1], self.resident_kib[-1][1]
        return "\n".join(
            (
                f"| sent | requests | {' | '.join(classes)} | slowest, ms |",
                f"| --- |{' --- |' * (len(classes) + 2)}",
                *rows,
                "",
                f"Seed {self.seed}; {self.count:,} requests in {self.seconds:,.0f} s on {CONNECTIONS} connections; "
                f"broken promises: {len(self.failures)}. Resident memory: {first / 1024:,.0f} MiB at the start, "
                f"{last / 1024:,.0f} MiB at the end; over the last half {self.slope_kib():+,.1f} KiB for each "
                "1,000 requests.",
            )
        )


async def fuzz(service: ServiceProcess, seed: int, count: int, failing: Path) -> Tally:
    """Send `count` requests; those that broke a promise are kept in the folder `failing`."""
    tally, began = Tally(seed), time.perf_counter()
    samples = max(1, count // 100)
    tally.resident_kib.append((0, service.resident_kib()))

    def numbers() -> Iterator[int]:
        for number in range(count):
            if number % samples == 0:
                tally.resident_kib.append((number, service.resident_kib()))
            yield number

    waiting = numbers()

    async def send_one_after_the_other() -> None:
        connection = _Connection(service.port)
        for number in waiting:
            request = hostile_request(seed, number)
            started = time.perf_counter()
            try:
                answers = await connection.ask(request)
                broken = _broken_promise(request, answers)
            except TimeoutError:
                answers, broken = [], f"no answer in {PATIENCE:.0f} s"
                await connection.close()
            tally.slowest[request.kind] = max(tally.slowest[request.kind], time.perf_counter() - started)
            tally.statuses[request.kind][_class_of(answers)] += 1
            if broken:
                tally.failures.append(f"seed {seed}, request {number} ({request.kind}): {broken}")
                (failing / f"{seed}-{number}.http").write_bytes(request.data)
        await connection.close()

    await asyncio.gather(*(send_one_after_the_other() for _ in range(CONNECTIONS)))
    tally.resident_kib.append((count, service.resident_kib()))
    tally.seconds = time.perf_counter() - began
    return tally


class _Connection:
    """A connection that is kept as long as the service keeps it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: HostileRequest) -> list[Answer]:
        """Send a request and return its answers: one, or as many as come if the request breaks HTTP's rules.

        Raises:
            TimeoutError: the service is silent.
        """
        if not request.is_framed:
            return await asyncio.wait_for(self._ask_on_its_own(request.data), PATIENCE)
        kept = self._streams is not None
        answer = await asyncio.wait_for(self._exchange(request.data), PATIENCE)
        if answer is None and kept:
            # The service may close a connection that it has kept just when it is used again.
            answer = await asyncio.wait_for(self._exchange(request.data), PATIENCE)
        return [] if answer is None else [answer]

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def _exchange(self, data: bytes) -> Answer | None:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(data)
        try:
            answer = await _read_answer(reader)
        except (ConnectionError, asyncio.IncompleteReadError):
            answer = None
        if answer is None or answer.closes:
            await self.close()
        return answer

    async def _ask_on_its_own(self, data: bytes) -> list[Answer]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        received = bytearray()
        try:
            writer.write(data)
            while chunk := await asyncio.wait_for(reader.read(65536), QUIET):
                received += chunk
        except (TimeoutError, ConnectionError):
            pass
        try:
            writer.write_eof()
            while chunk := await reader.read(65536):
                received += chunk
        except OSError:
            pass
        finally:
            writer.transport.abort()
        return list(_answers_in(bytes(received)))


async def _read_answer(reader: asyncio.StreamReader) -> Answer | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    length = LENGTH.search(head)
    assert length, head
    return Answer(int(head.split()[1]), head, await reader.readexactly(int(length[1])))


def _answers_in(received: bytes) -> Iterator[Answer]:
    """Take apart what came until the connection closed. What is no answer of HTTP/1.1 has status 0."""
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        found = STATUS.match(head)
        if found is None:
            yield Answer(0, head, rest)
            return
        status, length = int(found[1]), LENGTH.search(head)
        # Without a length the body ends with the connection. One that is cut off answers a HEAD.
        size = int(length[1]) if length else 0 if status < 200 else len(rest)
        if status >= 200:
            yield Answer(status, head, rest[:size])
        received = rest[size:]


def _class_of(answers: list[Answer]) -> str:
    if not answers:
        return "none"
    status = answers[0].status
    return str(status) if status in {503, 504} else f"{status // 100}xx"


def _broken_promise(request: HostileRequest, answers: list[Answer]) -> str | None:
    if request.is_framed and not answers:
        return "the connection was closed without an answer"
    return next((broken for answer in answers if (broken := _broken_promise_of(request, answer))), None)


def _broken_promise_of(request: HostileRequest, answer: Answer) -> str | None:
    shown = answer.head[:300] + b" ... " + answer.body[:300]
    if answer.status < 400:
        return None if answer.status in {200, 307} else f"an odd answer: {shown!r}"
    if answer.status >= 500 and answer.status not in {503, 504}:
        return f"a server error: {shown!r}"
    if not request.is_framed and not answer.body:
        # To a HEAD.
        return None
    if b"content-type: application/problem+json" not in answer.head.lower():
        return f"an error that is no problem: {shown!r}"
    problem = json.loads(answer.body)
    if problem["status"] != answer.status or not problem["detail"]:
        return f"a problem that says too little: {shown!r}"
    return f"a path in an answer: {shown!r}" if re.search(rb"/site-packages/|\.py\b|Traceback", answer.body) else None
