"""What Ray Serve's proxies do with each request before and after the ingress, so that clients see one service.

A proxy reads bodies as fast as they come, and answers itself where there is no ingress to do so. It imports
`middlewares` where `RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH` names it.
"""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.middleware.body_limit import BodyLimitMiddleware
from app.middleware.request_id import REQUEST_ID_HEADER, RequestIdMiddleware, request_id_of
from app.middleware.security_headers import SecurityHeadersMiddleware
from app.problem_types import DEADLINE, INTERNAL, NOT_FOUND, OVERLOADED, TOO_LARGE, UNAVAILABLE, ProblemType
from app.problems import ProblemError, problem_of, problem_response
from app.settings import Settings

OWN_PATHS = "/-/"
"""Ray Serve's own pages: `/-/healthz`, `/-/routes`."""

MARK = b"content-security-policy"
"""A header that the service sets on every answer, and Ray Serve on none."""

INSTEAD: Mapping[int, tuple[ProblemType, str]] = {
    404: (NOT_FOUND, "There is nothing at this path."),
    # Ray Serve's `request_timeout_s`, which is off unless set.
    408: (DEADLINE, "There was no answer in time. Try again later."),
    429: (OVERLOADED, "More requests wait than are let in. Try again later."),
    503: (UNAVAILABLE, "No part of the service that could answer is ready. Try again later."),
}
FAILED = (INTERNAL, INTERNAL.example)

GATHER_SECONDS = 0.02
GATHER_BYTES = 1024 * 1024
"""For how long, and up to which size, the parts of a body are put together: an X-ray's come within milliseconds."""

logger = logging.getLogger(__name__)


def middlewares() -> list[Middleware]:
    """Return the middlewares of a proxy, each outside those before it."""
    settings = Settings()
    return [
        Middleware(ProblemMiddleware),
        Middleware(
            BodyLimitMiddleware,
            max_bytes=settings.max_body_bytes,
            max_total_bytes=settings.max_bodies_bytes,
            too_large=partial(ProblemError, TOO_LARGE, f"The body is larger than {settings.max_body_bytes:,} bytes."),
            no_room=partial(
                ProblemError,
                OVERLOADED,
                f"The bodies of all requests under way have {settings.max_bodies_bytes:,} bytes. Try again later.",
            ),
        ),
        Middleware(RequestIdMiddleware),
    ]


class ProblemMiddleware:
    """Sends the request's id on to the ingress, and answers with a problem where Ray Serve would in its own words."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call Ray Serve, and answer in its place if the ingress has not answered."""
        if scope["type"] != "http" or scope["path"].startswith(OWN_PATHS):
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(receive, send)
        MutableHeaders(scope=scope)[REQUEST_ID_HEADER] = request_id_of(scope)
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except Exception:
            logger.exception("request %s failed in the proxy", request_id_of(scope))
        finally:
            exchange.close()
        if not exchange.answered and not exchange.gone:
            type_, detail = exchange.instead
            response = problem_response(problem_of(type_, detail, request_id_of(scope)))
            await SecurityHeadersMiddleware(response)(scope, receive, send)


class _Exchange:
    """One request: what the ingress answers goes through, what Ray Serve answers is kept back.

    `answered` says that an answer goes through, `gone` that the client has hung up. `instead` is what to answer else.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._coming: asyncio.Future[Message] | None = None
        self.answered = False
        self.gone = False
        self.instead: tuple[ProblemType, str] = FAILED

    async def receive(self) -> Message:
        """Receive a message; a body that is refused looks to Ray Serve like a client that has hung up.

        What of a body comes soon after is put to it: Ray Serve calls the proxy from the ingress for each message.
        """
        try:
            message = await self._next()
            parts = [message.get("body", b"")]
            until = asyncio.get_running_loop().time() + GATHER_SECONDS
            while message.get("more_body") and sum(map(len, parts)) < GATHER_BYTES:
                if not await self._comes(until - asyncio.get_running_loop().time()):
                    break
                message = await self._next()
                parts.append(message.get("body", b""))
        except ProblemError as error:
            self.instead = error.type, str(error)
            return {"type": "http.disconnect"}
        if message["type"] == "http.disconnect":
            self.gone = True
            return message
        return {**message, "body": b"".join(parts)}

    def close(self) -> None:
        """Wait for no more messages."""
        if self._coming is not None:
            self._coming.cancel()

    async def _comes(self, seconds: float) -> bool:
        """Say whether the next message comes within so many seconds; it is not lost if it does not."""
        if self._coming is None:
            self._coming = asyncio.ensure_future(self._receive())
        done, _ = await asyncio.wait({self._coming}, timeout=max(0.0, seconds))
        return bool(done)

    async def _next(self) -> Message:
        if self._coming is None:
            return await self._receive()
        coming = self._coming
        message = await coming
        self._coming = None
        return message

    async def send(self, message: Message) -> None:
        """Send a message on, unless it belongs to an answer of Ray Serve's."""
        if message["type"] == "http.response.start":
            self.answered = any(name == MARK for name, _ in message["headers"])
            if not self.answered and self.instead is FAILED:
                self.instead = INSTEAD.get(message["status"], FAILED)
        if self.answered:
            await self._send(message)
