"""Logs one line for each request: from where, whose key, what was asked for, the status and the request's id."""

import logging
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access.caller import caller_of
from app.middleware.request_id import request_id_of

logger = logging.getLogger(__name__)


class AccessLogMiddleware:
    """Logs the line once the answer begins. No query is in it, where a client may have put a key or a name."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application and log how it answers."""
        if scope["type"] != "http" or not logs_answers():
            await self.app(scope, receive, send)
            return

        async def logged_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                log_answer(scope, message["status"], request_id_of(scope))
            await send(message)

        await self.app(scope, receive, logged_send)


def logs_answers() -> bool:
    """Whether lines for requests are logged at all."""
    return logger.isEnabledFor(logging.INFO)


def log_answer(scope: Scope, status: int, request_id: str) -> None:
    """Log the line of one request. Of the scope it needs `client`, `method` and `path`."""
    host, port = scope.get("client") or ("-", 0)
    caller = caller_of(scope)
    logger.info(
        '%s:%d %s "%s %s" %d %s',
        host,
        port,
        caller.name if caller else "-",
        scope["method"],
        quote(scope["path"]),
        status,
        request_id,
    )


def silence_uvicorn() -> None:
    """Turn off uvicorn's own access log, as its `--no-access-log` does: its lines have the query."""
    log = logging.getLogger("uvicorn.access")
    log.handlers.clear()
    log.propagate = False
