"""Puts each request into a span."""

from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from app.telemetry.tracing import Tracing


class TracedMiddleware:
    """Stands outside all that knows of the request, so that it is described when it has been answered.

    OpenTelemetry's own middleware, and FastAPI's, record paths, queries and addresses.
    """

    def __init__(self, app: ASGIApp, tracing: "Tracing") -> None:
        self.app = app
        self.tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application within the span."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with self.tracing.request(scope):
            await self.app(scope, receive, send)
