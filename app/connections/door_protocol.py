"""uvicorn's HTTP protocol, which answers a request from its head where there is no room for it, and then rests."""

import asyncio
from time import perf_counter
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from app.connections.limits import ConnectionLimits
from app.connections.refusals import CLOSE, Refusals, body_size
from app.connections.timer import Timer
from app.connections.turning_away import DOOR, Door, TurnedAway
from app.middleware.paths import is_inference_protocol
from app.middleware.request_id import request_id_for
from app.problem_types import OVERLOADED

LAST_LOOK_SECONDS = 0.01
"""An event loop that is late comes to its timers before it has read what came meanwhile: only what is read after that
tells whether a connection is idle."""


class DoorProtocol(HttpToolsProtocol):
    """One connection, whose requests pass the application's door, if it has one."""

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
        # While what is left of its body is dropped.
        self._turned_away: TurnedAway | None = None
        self._closes_after_body = False
        # Whether a request was turned away that came with what was read last.
        self._has_refused = False
        self._rests = False
        self._rested = 0.0
        # Of a head, or of what is left of a body.
        self._timer = Timer(self.loop)
        # Of a client that is to read.
        self._stall_timer = Timer(self.loop)

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        self._has_refused = False
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Start the request, unless there is no room for it."""
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
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a part of the body on, unless nobody waits for it."""
        if self._turned_away is None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Pass the end of the body on, or rest."""
        if self._door is not None and self._turned_away is not None:
            self._rest(self._door, self._turned_away)
            self._turned_away = None
        else:
            super().on_message_complete()

    def shutdown(self) -> None:
        """Close, once what is under way here is over."""
        if self._turned_away is None:
            super().shutdown()
        else:
            # To close at once could cost the client the answer.
            self._closes_after_body = True

    @property
    def _is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or bool(self.cycle.response_complete)

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
