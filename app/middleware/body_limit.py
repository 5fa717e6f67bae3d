"""Stops reading a request body once it is larger than allowed, whatever its Content-Length claims."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimitMiddleware:
    """Makes `receive` raise once a body is too large.

    The error is raised where the body is read, inside the application, so that it is answered like any other.
    A body that its Content-Length announces as too large is refused before a byte of it is read, so a client
    that asked with `Expect: 100-continue` never sends it.

    Args:
        app: the application.
        max_bytes: the largest body.
        error: makes the exception to raise.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, error: Callable[[], Exception]) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.error = error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application with a limited `receive`."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        announced_bytes = int(announced) if announced.isdecimal() else 0
        read_bytes = 0

        async def limited_receive() -> Message:
            nonlocal read_bytes
            if announced_bytes > self.max_bytes:
                raise self.error()
            message = await receive()
            read_bytes += len(message.get("body", b""))
            if read_bytes > self.max_bytes:
                raise self.error()
            return message

        await self.app(scope, limited_receive, send)
