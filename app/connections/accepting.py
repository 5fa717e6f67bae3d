"""Accepts connections, many in one turn of the event loop, and refuses those that there are too many of."""

import asyncio
import socket
from collections.abc import Callable, Collection
from contextlib import suppress

AT_ONCE = 1024
"""Accepted in one turn of the event loop; then those that are there already have theirs."""
PAUSE_SECONDS = 0.02
"""How long nothing is accepted after a refusal: to refuse many together takes Python's lock, which answers need, less
often."""
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
MOST_LATE = 256
"""Those waited for at a time; more are refused at once."""


class Acceptor:
    """Accepts connections from sockets that listen. For one event loop, one that watches sockets (not Windows's).

    uvloop accepts one connection in each of its turns, in which it takes Python's lock several times. While workers
    hold that, thousands of connections a second wait for longer than any client does.

    Args:
        make: makes a connection's protocol.
        connections: the protocols of those that are open, as they come and go.
        most: those that may be.
        refusal: what one beyond is told.
    """

    def __init__(
        self,
        make: Callable[[], asyncio.Protocol],
        connections: Collection[asyncio.Protocol],
        most: int,
        refusal: Callable[[], bytes],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._make = make
        self._connections = connections
        self._most = most
        self._refusal = refusal
        self._sockets: list[socket.socket] = []
        # Accepted; some may not be among the connections yet.
        self._opening: dict[asyncio.Task[None], asyncio.Protocol] = {}
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
        for late, look in self._late.items():
            look.cancel()
            _received(late)
            self._refuse(late)
        self._late.clear()
        await asyncio.gather(*self._opening)

    def _watch(self, listening: socket.socket) -> None:
        if listening in self._sockets:
            self._loop.add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        any_refused, free = False, self._free()
        for _ in range(AT_ONCE):
            try:
                accepted, _ = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                break
            except OSError:
                # No file handle is left. Else the socket would be reported again at once, and for ever.
                self._pause(listening, NO_HANDLE_SECONDS)
                return
            if self._takes(accepted, free):
                free -= 1
            else:
                any_refused = True
        if any_refused:
            self._pause(listening, PAUSE_SECONDS)

    def _pause(self, listening: socket.socket, seconds: float) -> None:
        self._loop.remove_reader(listening)
        self._loop.call_later(seconds, self._watch, listening)

    def _free(self) -> int:
        """Return how many more connections may be open; less than none where the reserve is used."""
        opening = sum(protocol not in self._connections for protocol in self._opening.values())
        return self._most - len(self._connections) - opening

    def _takes(self, accepted: socket.socket, free: int) -> bool:
        begun = b"" if free > 0 else _received(accepted)
        if _has_place(begun, free):
            self._open(accepted, begun)
            return True
        if begun is None and len(self._late) < MOST_LATE:
            self._late[accepted] = self._loop.call_later(LATE_SECONDS, self._look_again, accepted)
        else:
            self._refuse(accepted)
        return False

    def _look_again(self, late: socket.socket) -> None:
        del self._late[late]
        begun = _received(late)
        if _has_place(begun, self._free()):
            self._open(late, begun)
        else:
            self._refuse(late)

    def _open(self, accepted: socket.socket, begun: bytes | None) -> None:
        protocol = self._make()
        task = self._loop.create_task(self._connect(_Begun(protocol, begun) if begun else protocol, accepted))
        self._opening[task] = protocol
        task.add_done_callback(self._opening.pop)

    async def _connect(self, protocol: asyncio.Protocol, accepted: socket.socket) -> None:
        # One that has gone meanwhile.
        with suppress(OSError):
            await self._loop.connect_accepted_socket(lambda: protocol, accepted)

    def _refuse(self, accepted: socket.socket) -> None:
        # A client that has gone needs no answer.
        with accepted, suppress(OSError):
            accepted.send(self._refusal(), socket.MSG_DONTWAIT)


class _Begun(asyncio.Protocol):
    """Gives a connection to its protocol with what was received of it before."""

    def __init__(self, protocol: asyncio.Protocol, begun: bytes) -> None:
        self._protocol = protocol
        self._begun = begun

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.set_protocol(self._protocol)
        self._protocol.connection_made(transport)
        self._protocol.data_received(self._begun)


def _has_place(begun: bytes | None, free: int) -> bool:
    return free > 0 or (begun is not None and begun.startswith(HEALTH) and free > -HEALTH_RESERVE)


def _received(accepted: socket.socket) -> bytes | None:
    """Return what has come, None if nothing has. Each call of the system gives up Python's lock: one must do."""
    try:
        return accepted.recv(HEAD_BYTES, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None
    except OSError:
        return b""
