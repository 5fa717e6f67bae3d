"""Asks for an API key before anything else of a request is looked at."""

from collections.abc import Callable, Iterable

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.caller import set_caller
from app.access.errors import AccessError
from app.access.gate import Gate
from app.middleware.paths import is_open, path_of
from app.middleware.request_id import request_id_of

BEARER = b"bearer "


class AccessMiddleware:
    """Lets in calls with a key, and those that need none; puts the caller into the scope, for `caller_of`.

    A call that is not let in is answered without a byte of its body being read.

    Args:
        app: the application.
        gate: knows the keys and their rates.
        respond: makes the answer to a call that is not let in, from the error and the request's id.
    """

    def __init__(self, app: ASGIApp, gate: Gate, respond: Callable[[AccessError, str], Response]) -> None:
        self.app = app
        self.gate = gate
        self.respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application, or answer in its place."""
        if scope["type"] == "http" and not is_open(path_of(scope)):
            try:
                caller = self.gate.identify(_key_of(scope["headers"]))
                set_caller(scope, caller)
                self.gate.count(caller)
            except AccessError as error:
                await self.respond(error, request_id_of(scope))(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _key_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Return the key that a request's headers hold; a bearer token (RFC 6750, section 2.1) comes first."""
    key = None
    for name, value in headers:
        if name == b"authorization" and value[: len(BEARER)].lower() == BEARER:
            return value[len(BEARER) :].strip()
        if name == b"x-api-key":
            key = value
    return key
