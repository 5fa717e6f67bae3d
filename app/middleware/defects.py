"""Answers an exception that nothing else has handled, and logs it under the request's id."""

import logging
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.middleware.request_id import request_id_of

CLOSED = "the handler is closed"
"""What uvloop says where an answer comes after its connection has been closed; other loops let it go by silently."""

logger = logging.getLogger(__name__)


class DefectMiddleware:
    """Stands outside all that may fail.

    Args:
        app: the application.
        respond: makes the response from the request's id.
    """

    def __init__(self, app: ASGIApp, respond: Callable[[str], Response]) -> None:
        self.app = app
        self.respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application, and answer in its place if it fails before it has begun to answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = True
            try:
                await send(message)
            except RuntimeError as error:
                if not str(error).endswith(CLOSED):
                    raise

        try:
            await self.app(scope, receive, watched_send)
        except Exception:
            if started:
                raise
            request_id = request_id_of(scope)
            logger.exception("request %s failed", request_id)
            await self.respond(request_id)(scope, receive, send)
