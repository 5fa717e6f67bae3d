"""The server of one process: when it is told to stop it says so, and answers what it has accepted before it ends."""

import asyncio
import os
import socket
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import FrameType
from typing import cast

import uvicorn
from fastapi import FastAPI

from app.connections.accepting import HEALTH_RESERVE, Acceptor
from app.connections.protocol import LimitedProtocol, limited_protocol
from app.connections.refusals import CLOSE, Refusals, too_many
from app.connections.turning_away import DOOR, Door
from app.main import create_app
from app.middleware.request_id import new_request_id
from app.problem_types import CONNECTIONS_FULL, OVERLOADED
from app.processes.ending import end_by
from app.processes.listening import BACKLOG
from app.processes.memory import freeze, give_back
from app.settings import Settings
from app.telemetry.logs import set_up_log

SETTLE_SECONDS = 0.3
"""How long a server that stops goes on as before, at least. What the kernel has accepted in its name, connections and
whole requests, it then has read: three of uvicorn's ticks, between any two of which it looks for new input."""
ACCEPTS = os.name == "posix"
"""Whether an `Acceptor` accepts connections, and refuses those that there are too many of, or each refuses itself:
Windows's event loop watches no sockets."""


class Server(uvicorn.Server):
    """Serves until `stop` is called or a signal comes. A second signal, or one during the start, ends it at once.

    uvicorn on its own closes connections within a tick of the signal, with whatever the kernel has received for it,
    and tells nobody before.

    Args:
        settings: the service's.
        on_ready: called once requests are answered.
        application: makes the service of the settings.
    """

    def __init__(
        self,
        settings: Settings,
        on_ready: Callable[[], None],
        application: Callable[[Settings], FastAPI] = create_app,
    ) -> None:
        # Pillow warns of odd metadata in other words for each upload: they would fill the log and help nobody.
        warnings.filterwarnings("ignore", module="PIL")
        set_up_log(settings.log_level, settings.log_format)
        self._service = application(settings)
        limits = settings.connection_limits
        self._most = limits.max_connections
        self._refusals = Refusals()
        self._acceptor: Acceptor | None = None
        super().__init__(
            uvicorn.Config(
                self._service,
                http=limited_protocol(
                    replace(limits, max_connections=self._most + HEALTH_RESERVE) if ACCEPTS else limits, self._refusals
                ),
                # An upgraded connection would be beyond these limits; nothing here speaks WebSocket.
                ws="none",
                # Its messages go where all others go.
                log_config=None,
                log_level=settings.log_level,
                server_header=False,
                access_log=False,
                timeout_graceful_shutdown=settings.shutdown_seconds,
                backlog=BACKLOG,
            )
        )
        self._on_ready = on_ready
        self._drain_seconds = max(settings.drain_seconds, SETTLE_SECONDS)
        self._closes_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Load the service, listen, and say so."""
        ours = sockets if sockets and ACCEPTS else []
        freeze()
        await super().startup([] if ours else sockets)
        give_back()
        if ours:
            connections = cast("set[asyncio.Protocol]", self.server_state.connections)
            self._acceptor = Acceptor(self._protocol(), connections, self._most, self._refusal)
            self._acceptor.start(ours, BACKLOG)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more, and end with the last answer."""
        if self._acceptor is not None:
            await self._acceptor.stop()
        await super().shutdown(sockets)

    def _protocol(self) -> Callable[[], asyncio.Protocol]:
        make = cast("Callable[..., asyncio.Protocol]", self.config.http_protocol_class)
        return partial(make, config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    def _refusal(self) -> bytes:
        door: Door = self.lifespan.state[DOOR]
        door.observer.refused(CONNECTIONS_FULL)
        headers = [header for header in self.server_state.default_headers if header != CLOSE]
        return self._refusals.answer(OVERLOADED, too_many(self._most), new_request_id(), [*headers, CLOSE])

    @property
    def stopping(self) -> bool:
        """Whether it has been told to stop."""
        return self._closes_at is not None

    def stop(self) -> None:
        """Turn readiness off now; after the time to drain refuse connections and end with the last answer.

        Until then every answer closes its connection, so that clients go elsewhere without losing a request.
        """
        if self.stopping:
            return
        self._service.state.stopping = True
        self._closes_at = time.monotonic() + self._drain_seconds
        # Of the requests under way, and of those to come.
        self.server_state.default_headers.append(CLOSE)
        self.config.encoded_headers.append(CLOSE)
        for connection in self.server_state.connections:
            if isinstance(connection, LimitedProtocol):
                connection.read_on()

    async def on_tick(self, counter: int) -> bool:
        """Say whether to close. Called by uvicorn ten times a second."""
        self.should_exit = self._closes_at is not None and time.monotonic() >= self._closes_at
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Answer a stop signal."""
        if self.stopping or not self.started:
            end_by(sig)
        self.stop()
