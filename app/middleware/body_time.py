"""Stops waiting for a request body that comes too slowly."""

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyTimeMiddleware:
    """Makes `receive` raise once a body is late.

    Only waiting for the client counts, from the first time that the application asks for the body. The error is raised
    there, inside the application, so that it is answered like any other.

    Args:
        app: the application.
        seconds: how long the whole body may take.
        idle_seconds: how long the client may send nothing of it.
        error: makes the exception to raise.
    """

    def __init__(self, app: ASGIApp, seconds: float, idle_seconds: float, error: Callable[[], Exception]) -> None:
        self.app = app
        self.seconds = seconds
        self.idle_seconds = idle_seconds
        self.error = error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application with a `receive` that waits only so long."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        now = asyncio.get_running_loop().time
        end: float | None = None
        more = True

        async def timed_receive() -> Message:
            nonlocal end, more
            # After the body comes the client's leaving, for which the application may wait as long as it works.
            if not more:
                return await receive()
            end = now() + self.seconds if end is None else end
            try:
                async with asyncio.timeout_at(min(end, now() + self.idle_seconds)):
                    message = await receive()
            except TimeoutError:
                raise self.error() from None
            more = message.get("more_body", False)
            return message

        await self.app(scope, timed_receive, send)
