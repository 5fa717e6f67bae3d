"""uvicorn's HTTP protocol with limits that it lacks: connections, a request head's size and time, slow clients."""

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Any, cast

from app.connections.door_protocol import LAST_LOOK_SECONDS, DoorProtocol
from app.connections.hanging_up import HANG_UP, HangUp
from app.connections.limits import ConnectionLimits
from app.connections.refusals import CLOSE, Refusals, too_many
from app.middleware.request_id import new_request_id
from app.problem_types import CONNECTIONS_FULL, HEAD_TOO_LARGE, MALFORMED, OVERLOADED, REQUEST_TIMEOUT, ProblemType

MOST_WAITING = 64
"""Requests that a client may send ahead while one is answered; their heads together may be as large as one may."""


def limited_protocol(limits: ConnectionLimits, refusals: Refusals) -> type[asyncio.Protocol]:
    """Return what uvicorn takes as `http`: called with its own arguments, it makes a `LimitedProtocol`."""
    return cast("type[asyncio.Protocol]", partial(LimitedProtocol, limits=limits, refusals=refusals))


class LimitedProtocol(DoorProtocol):
    """One connection. What is refused here is answered with problem details, then the connection is closed."""

    def __init__(self, *connection: Any, **settings: Any) -> None:
        super().__init__(*connection, **settings)
        self._awaits_head = True
        self._head_is_large = False
        self._drops_all = False
        # Received since the parser last had something whole: a head, a part of a body, a message.
        self._unparsed_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuse the connection if there are too many; else wait for a head."""
        super().connection_made(transport)
        self._hang_up = HangUp(self.flow)
        most = self._limits.max_connections
        if len(self.connections) > most:
            self._refuse(OVERLOADED, too_many(most), CONNECTIONS_FULL)
        else:
            self._timer.start(self._limits.head_seconds, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers, and tell the request that waits for its answer."""
        super().connection_lost(exc)
        self._hang_up.happen()
        self._timer.stop()
        self._stall_timer.stop()

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless that makes the head too large."""
        if self._is_over:
            return
        self._unparsed_bytes += len(data)
        super().data_received(data)
        if self._is_over:
            return
        if self._unparsed_bytes > self._limits.max_head_bytes:
            self._refuse_head()
        elif self._awaits_head and not self._timer.runs and self._is_idle and not self.flow.read_paused:
            self._timer.start(self._limits.head_seconds, self._head_is_late)

    def on_headers_complete(self) -> None:
        """Start the request, unless its head is too large: its body is the application's to wait for."""
        if self._is_over:
            return
        # What was read may hold a body too; only then are the headers added up.
        if self._unparsed_bytes > self._limits.max_head_bytes:
            self._head_is_large = _size(self.url, self.headers) > self._limits.max_head_bytes
            if self._head_is_large:
                # The parser gives up, and `send_400_response` is called.
                raise ValueError("head too large")
        self._unparsed_bytes = 0
        if not self._is_idle and not self._may_wait():
            self._close_after_answers()
            return
        self._awaits_head = False
        self._timer.stop()
        self.scope["state"][HANG_UP] = self._hang_up
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a part of the body on."""
        self._unparsed_bytes = 0
        if not self._is_over:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for the next head."""
        if self._is_over:
            return
        self._unparsed_bytes = 0
        self._awaits_head = True
        self._timer.stop()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Bound how long the rest of a body is dropped that was answered before it had come."""
        super().on_response_complete()
        if self.pipeline and not self._drops_all:
            # Each answer would else let more in than it takes away.
            self.flow.pause_reading()
        if self.transport.is_closing():
            self._close()
        elif self.cycle.response_complete and not self._awaits_head:
            self._timer.start(self._limits.linger_seconds, self._close)

    def pause_writing(self) -> None:
        """Bound how long a client may take to read an answer."""
        super().pause_writing()
        self._stall_timer.start(self._limits.stalled_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has read on."""
        if not self.transport.is_closing():
            self._stall_timer.stop()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection on which no further request came, unless one has just come."""
        # Whatever is read unsets this.
        self.timeout_keep_alive_task = self.loop.call_later(LAST_LOOK_SECONDS, self._close_idle)

    def _close_idle(self) -> None:
        if not self.transport.is_closing():
            self._close()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - what uvicorn says of every kind of damage
        """Answer what the parser cannot read."""
        if self._head_is_large:
            self._refuse_head()
        else:
            self._refuse(MALFORMED, "This is not HTTP/1.1 as RFC 9112 has it: a request line, a header or a chunk.")

    def _head_is_late(self) -> None:
        if self._unparsed_bytes:
            self._refuse(
                REQUEST_TIMEOUT, f"The request's line and headers took more than {self._limits.head_seconds:g} seconds."
            )
        else:
            # A connection kept ready for a request that was not needed: nobody waits for an answer.
            self.timeout_keep_alive_handler()

    def _refuse_head(self) -> None:
        self._refuse(
            HEAD_TOO_LARGE,
            f"The request's line and headers have more than {self._limits.max_head_bytes:,} bytes. Send fewer.",
        )

    def _refuse(self, type: ProblemType, detail: str, reason: str = "") -> None:
        """Answer in the application's place and close; where a whole request is being answered, close after that."""
        self._timer.stop()
        if self._turned_away:
            self._close()
            return
        idle = self._is_idle
        if not idle and self._awaits_head:
            self._close_after_answers()
            return
        if idle or not (self.pipeline or self.cycle.response_started):
            if self._door is not None:
                self._door.observer.refused(reason or type.slug)
            headers = [header for header in self.server_state.default_headers if header != CLOSE]
            self.transport.write(self._refusals.answer(type, detail, new_request_id(), [*headers, CLOSE]))
        self._close()

    @property
    def _is_over(self) -> bool:
        """Whether nothing that comes is looked at any more, be it of what has been read already."""
        return self._drops_all or self.transport.is_closing()

    def _may_wait(self) -> bool:
        """Whether the request whose head has come may wait for its turn, behind those that do already."""
        if len(self.pipeline) == MOST_WAITING:
            return False
        scopes = (cycle.scope for cycle, _ in self.pipeline)
        waiting = sum(_size(scope["raw_path"] + scope["query_string"], scope["headers"]) for scope in scopes)
        return waiting + _size(self.url, self.headers) <= self._limits.max_head_bytes

    def _close_after_answers(self) -> None:
        """Answer the requests that have come, look at nothing more, and close."""
        self._drops_all = True
        self.cycle.keep_alive = False


def _size(url: bytes, headers: Iterable[tuple[bytes, bytes]]) -> int:
    """Return how many bytes a request's head has, without what is the same in all; headers may be short and many."""
    return len(url) + sum(len(name) + len(value) + len(":\r\n") for name, value in headers)
