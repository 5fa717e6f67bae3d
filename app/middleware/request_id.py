"""Gives every request an id, the client's own if it sent a sane one, and returns it as a header."""

import random
import re
from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.telemetry.context import logged_with

REQUEST_ID_HEADER = "X-Request-ID"
_RAW_HEADER = REQUEST_ID_HEADER.lower().encode()
SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+/=-]{0,127}")
"""Ids that are safe in a log line and a header: UUIDs, ULIDs, trace ids, base64."""


class RequestIdMiddleware:
    """Puts the request's id into its scope, where `request_id_of` finds it, and into its log lines."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application with the id in its scope, and add the header to its response."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})["request_id"] = request_id_for(scope["headers"])

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id_of(scope)
            await send(message)

        with logged_with(request_id=request_id_of(scope)):
            await self.app(scope, receive, send_with_id)


def request_id_for(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the id that a request's headers, names in lower case, bring, or else a new one."""
    sent = next((value for name, value in headers if name == _RAW_HEADER), b"").decode("latin-1")
    return sent if SANE.fullmatch(sent) else new_request_id()


def new_request_id() -> str:
    """Return an id that no other request has."""
    # Ids tell requests apart and are no secret: random bits need no call to the operating system, as a UUID does.
    return f"{random.getrandbits(128):032x}"


def request_id_of(scope: Scope) -> str:
    """Return the id of the request that a scope belongs to."""
    return str(scope["state"]["request_id"])
