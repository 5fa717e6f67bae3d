"""Accepts connections, many in one turn of the event loop, and refuses those that there are too many of."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

AT_ONCE = 512
"""Accepted in one turn of the event loop; then those that are there already have theirs."""
NO_HANDLE_SECONDS = 0.1
"""How long nothing is accepted once no file handle is left."""
HEAD_BYTES = 65_536
"""Of a request that is refused, read at most: to close with more unread could cost the client the answer."""
HEALTH = b"GET /health/"
"""What an orchestrator sends, to which no answer means that the service must be ended."""
HEALTH_RESERVE = 16
"""Connections beyond the most that are open at a time, for those who ask for its health."""
LATE_SECONDS = 0.05
"""How long is waited for the first bytes of one that could be such."""


class Acceptor:
    """Accepts connections from sockets that listen. For one event loop, one that watches sockets (not Windows's).

    uvloop accepts one connection in each of its turns, in which it takes Python's lock several times. While workers
    hold that, thousands of connections a second wait for longer than any client does.

    Args:
        make: makes a connection's protocol.
        count: the connections that are open.
        most: those that may be.
        refusal: what one beyond is told.
    """

    def __init__(
        self,
        make: Callable[[], asyncio.Protocol],
        count: Callable[[], int],
        most: int,
        refusal: Callable[[], bytes],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._make = make
        self._count = count
        self._most = most
        self._refusal = refusal
        self._sockets: list[socket.socket] = []
        # Accepted, and not yet known to their protocol.
        self._opening: set[asyncio.Task[None]] = set()
        # Beyond the most, and silent so far.
        self._late: dict[socket.socket, asyncio.TimerHandle] = {}

    def start(self, sockets: list[socket.socket], backlog: int) -> None:
        """Listen, with so many connections that may wait to be accepted."""
        for listening in sockets:
            listening.setblocking(False)
            listening.listen(backlog)
            self._sockets.append(listening)
            self._watch(listening)

    async def stop(self) -> None:
        """Accept no more, once those that were accepted are known to their protocols. The sockets stay open."""
        for listening in self._sockets:
            self._loop.remove_reader(listening)
        self._sockets.clear()
        for late in list(self._late):
            self._refuse_late(late)
        await asyncio.gather(*self._opening)

    def _watch(self, listening: socket.socket) -> None:
        if listening in self._sockets:
            self._loop.add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(AT_ONCE):
            try:
                accepted, _ = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                # Else the socket would be reported again at once, and for ever.
                self._loop.remove_reader(listening)
                self._loop.call_later(NO_HANDLE_SECONDS, self._watch, listening)
                return
            accepted.setblocking(False)
            self._take(accepted)

    def _take(self, accepted: socket.socket) -> None:
        count = self._count() + len(self._opening)
        if count < self._most:
            self._open(accepted)
            return
        begins = _beginning(accepted) if count + len(self._late) < self._most + HEALTH_RESERVE else b""
        if begins == HEALTH:
            self._open(accepted)
        elif begins is None:
            self._late[accepted] = self._loop.call_later(LATE_SECONDS, self._look_again, accepted)
        else:
            self._refuse(accepted)

    def _look_again(self, late: socket.socket) -> None:
        if _beginning(late) == HEALTH:
            del self._late[late]
            self._open(late)
        else:
            self._refuse_late(late)

    def _refuse_late(self, late: socket.socket) -> None:
        self._late.pop(late).cancel()
        self._refuse(late)

    def _open(self, accepted: socket.socket) -> None:
        task = self._loop.create_task(self._connect(accepted))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _connect(self, accepted: socket.socket) -> None:
        # One that has gone meanwhile.
        with suppress(OSError):
            await self._loop.connect_accepted_socket(self._make, accepted)

    def _refuse(self, accepted: socket.socket) -> None:
        # A client that has gone needs no answer.
        with accepted, suppress(OSError):
            accepted.send(self._refusal())
            accepted.recv(HEAD_BYTES)


def _beginning(accepted: socket.socket) -> bytes | None:
    """Return as much of what has come as tells whether health is asked for; None if nothing has."""
    try:
        return accepted.recv(len(HEALTH), socket.MSG_PEEK)
    except BlockingIOError:
        return None
    except OSError:
        return b""
