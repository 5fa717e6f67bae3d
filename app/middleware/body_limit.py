"""Stops reading request bodies once one, or all together, are larger than allowed, whatever Content-Length claims."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimitMiddleware:
    """Makes `receive` raise once a body is too large, or there is no room for more of it.

    The error is raised where the body is read, inside the application, so that it is answered like any other.
    A body that its Content-Length announces as too large is refused before a byte of it is read, so a client
    that asked with `Expect: 100-continue` never sends it. A body takes its room until its request has been answered.

    Args:
        app: the application.
        max_bytes: the largest body.
        max_total_bytes: the most that the bodies of all requests under way may have together.
        too_large: makes the exception to raise for a body larger than `max_bytes`.
        no_room: makes the exception to raise where all bodies together are larger than `max_total_bytes`.
    """

    def __init__(
        self,
        app: ASGIApp,
        max_bytes: int,
        max_total_bytes: int,
        too_large: Callable[[], Exception],
        no_room: Callable[[], Exception],
    ) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.max_total_bytes = max_total_bytes
        self.too_large = too_large
        self.no_room = no_room
        self.held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application with a limited `receive`."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        announced_bytes = int(announced) if announced.isdecimal() else 0
        read_bytes = 0
        more = True

        async def limited_receive() -> Message:
            nonlocal read_bytes, more
            # After the body comes the client's leaving, for which there is always room.
            if not more:
                return await receive()
            if announced_bytes > self.max_bytes:
                raise self.too_large()
            if self.held_bytes - read_bytes + announced_bytes > self.max_total_bytes:
                raise self.no_room()
            message = await receive()
            size = len(message.get("body", b""))
            read_bytes += size
            self.held_bytes += size
            if read_bytes > self.max_bytes:
                raise self.too_large()
            if self.held_bytes > self.max_total_bytes:
                raise self.no_room()
            more = message.get("more_body", False)
            return message

        try:
            await self.app(scope, limited_receive, send)
        finally:
            self.held_bytes -= read_bytes
