"""uvicorn's HTTP protocol with limits that it lacks: connections, a request head's size and time, full queues."""

import asyncio
from collections.abc import Iterable
from functools import partial
from time import perf_counter
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from app.connections.hanging_up import HANG_UP, HangUp
from app.connections.limits import ConnectionLimits
from app.connections.refusals import CLOSE, Refusals, body_size, too_many
from app.connections.timer import Timer
from app.connections.turning_away import DOOR, Door, TurnedAway
from app.middleware.paths import is_inference_protocol
from app.middleware.request_id import new_request_id, request_id_for
from app.problem_types import CONNECTIONS_FULL, HEAD_TOO_LARGE, MALFORMED, OVERLOADED, REQUEST_TIMEOUT, ProblemType

LAST_LOOK_SECONDS = 0.01
"""An event loop that is late comes to its timers before it has read what came meanwhile: only what is read after that
tells whether a connection is idle."""

MOST_WAITING = 64
"""Requests that a client may send ahead while one is answered; their heads together may be as large as one may."""


def limited_protocol(limits: ConnectionLimits, refusals: Refusals) -> type[asyncio.Protocol]:
    """Return what uvicorn takes as `http`: called with its own arguments, it makes a `LimitedProtocol`."""
    return cast("type[asyncio.Protocol]", partial(LimitedProtocol, limits=limits, refusals=refusals))


class LimitedProtocol(HttpToolsProtocol):
    """One connection. What is refused here is answered with problem details, then the connection is closed."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: ConnectionLimits,
        refusals: Refusals,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self._refusals = refusals
        self._door: Door | None = app_state.get(DOOR)
        self._awaits_head = True
        self._head_is_large = False
        self._drops_all = False
        # While what is left of its body is dropped.
        self._turned_away: TurnedAway | None = None
        self._closes_after_body = False
        # Whether a request was turned away that came with what was read last.
        self._has_refused = False
        self._rests = False
        self._rested = 0.0
        # Received since the parser last had something whole: a head, a part of a body, a message.
        self._unparsed_bytes = 0
        # Of a head, or of what is left of a body.
        self._timer = Timer(self.loop)
        # Of a client that is to read.
        self._stall_timer = Timer(self.loop)

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
        self._has_refused = False
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
        # While another request is being answered, this one's turn has not come: the application will look for room.
        if self._door is not None and self._is_idle:
            turned_away = self._door.turned_away(self.parser.get_method(), self.url, self.headers, self._rested)
            self._rested = 0.0
            if turned_away is not None:
                # Of a client that asks on without waiting for an answer one is enough: it has not looked at the first.
                if self._has_refused:
                    self._close()
                else:
                    self._turn_away(self._door, turned_away)
                return
        self.scope["state"][HANG_UP] = self._hang_up
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a part of the body on."""
        self._unparsed_bytes = 0
        if not (self._turned_away or self._is_over):
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for the next head."""
        if self._is_over:
            return
        self._unparsed_bytes = 0
        self._awaits_head = True
        self._timer.stop()
        if self._door is not None and self._turned_away is not None:
            self._rest(self._door, self._turned_away)
            self._turned_away = None
        else:
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

    def shutdown(self) -> None:
        """Close, once what is under way here is over."""
        if self._turned_away:
            # To close at once could cost the client the answer.
            self._closes_after_body = True
        else:
            super().shutdown()

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

    @property
    def _is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or bool(self.cycle.response_complete)

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

    def _turn_away(self, door: Door, turned_away: TurnedAway) -> None:
        """Answer a request from its head alone, without a task or a byte of its body: that there is no room for it."""
        start = perf_counter()
        headers = [*self.server_state.default_headers, *door.cross_origin_headers(self.headers)]
        self._closes_after_body = CLOSE in headers
        if not self._closes_after_body and (
            self.parser.get_http_version() == "1.0" or not self.parser.should_keep_alive()
        ):
            self._closes_after_body = True
            headers.append(CLOSE)
        request_id = request_id_for(self.headers)
        path = self.url.partition(b"?")[0].decode("ascii")
        answer = self._refusals.answer(
            OVERLOADED, turned_away.detail, request_id, headers, to_inference=is_inference_protocol(path)
        )
        scope = {
            "client": self.client,
            "server": self.server,
            "scheme": self.scheme,
            "http_version": self.parser.get_http_version(),
            "method": self.parser.get_method().decode("ascii"),
            "path": path,
            "headers": self.headers,
            "state": {"request_id": request_id},
        }
        # Before the answer: who has that finds it in the log and in the metrics.
        door.observer.turned_away(scope, perf_counter() - start, body_size(answer))
        self.transport.write(answer)
        self.server_state.total_requests += 1
        self._turned_away = turned_away
        self._has_refused = True
        self._timer.start(self._limits.linger_seconds, self._close)

    def _rest(self, door: Door, turned_away: TurnedAway) -> None:
        """Read nothing for a moment of a client that was turned away: whoever asks on, and on, is not heard sooner."""
        if self._closes_after_body:
            self._close()
            return
        self.flow.pause_reading()
        if CLOSE in self.server_state.default_headers:
            # The server stops, and its connections rest no more: what has come on them is answered before it ends.
            self.read_on()
        elif not self._rests:
            self._rests = True
            door.rest.begin(self.loop, turned_away.task, turned_away.seconds, self)

    def read_on(self, rested: float = 0.0) -> None:
        """Read again after a rest of so many seconds, for as long as which what comes next may have waited."""
        self._rests = False
        if self.flow.read_paused and not self.transport.is_closing() and self._is_idle:
            self.flow.resume_reading()
            self._rested = rested
            self.loop.call_later(LAST_LOOK_SECONDS, self._has_read)
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _has_read(self) -> None:
        """What comes from now on has not waited."""
        self._rested = 0.0

    def _close(self) -> None:
        """Close once all that was answered is sent, or the client has had its time to take it."""
        self.transport.close()
        self._timer.stop()
        self._stall_timer.start(self._limits.stalled_seconds, self.transport.abort)


def _size(url: bytes, headers: Iterable[tuple[bytes, bytes]]) -> int:
    """Return how many bytes a request's head has, without what is the same in all; headers may be short and many."""
    return len(url) + sum(len(name) + len(value) + len(":\r\n") for name, value in headers)
