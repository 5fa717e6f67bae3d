"""A load whose every request comes on a connection of its own, as one of strangers does.

It asks the kernel itself: a transport for each connection would cost several times as much, which the service may lack.
"""

import select
import socket
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

from benchmarks.open_loop import Offer, Outcome, moments
from benchmarks.speed.client import is_whole

TURN_SECONDS = 0.002
"""How often it looks which requests are due."""
MOST_AT_ONCE = 64
"""Connections opened before it is looked again who has answered."""
READ_BYTES = 65_536


@dataclass(eq=False)
class _Asked:
    """One request. `left` is what has not been sent."""

    socket: socket.socket
    due: float
    left: memoryview
    received: bytearray = field(default_factory=bytearray)


def offer_fresh(offer: Offer) -> Outcome:
    """Send requests at their moments, each on a new connection, and return what became of them.

    With `offer.connections` open, what is due is not sent. A client that is answered before it has sent all stops.
    """
    began = time.process_time()
    outcome = Outcome()
    with select.epoll() as poll:
        clients = _Clients(offer, outcome, poll)
        start = time.monotonic()
        due = deque(start + moment for moment in moments(offer))
        until = start + offer.seconds + offer.patience
        while (now := time.monotonic()) < until and (due or clients.waiting):
            for _ in range(MOST_AT_ONCE):
                if not due or due[0] > now:
                    break
                clients.send(due.popleft())
            ahead = due[0] - time.monotonic() if due else TURN_SECONDS
            clients.hear(max(ahead, TURN_SECONDS) if ahead > 0 else 0)
        outcome.offered += len(due)
        outcome.unsent += len(due)
        clients.close()
    outcome.cpu_seconds = time.process_time() - began
    return outcome


def ask_in_turn(offer: Offer) -> Outcome:
    """Keep `offer.connections` clients busy for `offer.seconds`, each of which asks once it is answered; no rate holds.

    Every request is on a new connection. Those under way at the end are not counted.
    """
    began = time.process_time()
    outcome = Outcome()
    with select.epoll() as poll:
        clients = _Clients(offer, outcome, poll)
        until = time.monotonic() + offer.seconds
        while (now := time.monotonic()) < until:
            for _ in range(offer.connections - clients.waiting):
                clients.send(now)
            clients.hear(until - now)
        clients.forget_all()
    outcome.cpu_seconds = time.process_time() - began
    return outcome


class _Clients:
    """Those that wait for an answer."""

    def __init__(self, offer: Offer, outcome: Outcome, poll: select.epoll) -> None:
        self._offer = offer
        self._outcome = outcome
        self._poll = poll
        self._asked: dict[int, _Asked] = {}

    @property
    def waiting(self) -> int:
        """How many there are."""
        return len(self._asked)

    def send(self, due: float) -> None:
        """Open a connection for a request, if there may be one more."""
        self._outcome.offered += 1
        if len(self._asked) >= self._offer.connections:
            self._outcome.unsent += 1
            return
        opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        asked = _Asked(opened, due, memoryview(self._offer.request))
        try:
            opened.connect((self._offer.host, self._offer.port))
        except BlockingIOError:
            pass
        except OSError:
            # No port is free on this side.
            opened.close()
            self._outcome.unsent += 1
            return
        self._asked[opened.fileno()] = asked
        self._poll.register(opened, select.EPOLLIN | select.EPOLLOUT)

    def hear(self, seconds: float) -> None:
        """Wait for so long at most, and go on wherever something can be sent or has come."""
        for handle, events in self._poll.poll(seconds):
            asked = self._asked[handle]
            try:
                if events & select.EPOLLIN:
                    self._read(asked)
                elif events & select.EPOLLOUT:
                    asked.left = asked.left[asked.socket.send(asked.left) :]
                    if not asked.left:
                        self._poll.modify(handle, select.EPOLLIN)
                else:
                    self._end(asked)
            except BlockingIOError:
                continue
            except OSError:
                self._end(asked)

    def _read(self, asked: _Asked) -> None:
        received = asked.socket.recv(READ_BYTES)
        asked.received += received
        if is_whole(asked.received):
            latency = time.monotonic() - asked.due
            self._outcome.latencies.setdefault(int(asked.received[9:12]), []).append(latency)
            self._forget(asked)
        elif not received:
            self._end(asked)

    def _end(self, asked: _Asked) -> None:
        self._outcome.unanswered += 1
        self._forget(asked)

    def _forget(self, asked: _Asked) -> None:
        del self._asked[asked.socket.fileno()]
        with suppress(OSError):
            self._poll.unregister(asked.socket)
        asked.socket.close()

    def close(self) -> None:
        """Give up on all that still wait."""
        for asked in list(self._asked.values()):
            self._end(asked)

    def forget_all(self) -> None:
        """Ask no more of those that still wait."""
        for asked in list(self._asked.values()):
            self._forget(asked)
