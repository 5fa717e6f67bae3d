"""Sees each request from its head to the last byte of its answer, for the metrics and the log."""

from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.middleware.access_log import log_request
from app.middleware.paths import path_of
from app.telemetry.facts import METHODS, OTHER, STATE_KEY, RequestFacts, Routes
from app.telemetry.metrics import RequestMetrics


class ObservedMiddleware:
    """Puts what is known of a request into its scope, for `facts_of`; counts and logs it once it has been answered.

    That is just before its last byte goes out: whoever has an answer finds it in the log and in the metrics.

    Args:
        app: the application.
        routes: the routes that a path alone tells.
        metrics: counts the requests.
    """

    def __init__(self, app: ASGIApp, routes: Routes, metrics: RequestMetrics) -> None:
        self.app = app
        self.routes = routes
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start = perf_counter()
        method = scope["method"]
        route, task = self.routes.find(path_of(scope))
        facts = RequestFacts(method if method in METHODS else OTHER, route, task)
        scope.setdefault("state", {})[STATE_KEY] = facts
        told = False

        def tell() -> None:
            nonlocal told
            told = True
            facts.seconds = perf_counter() - start
            if facts.route == OTHER and "route" in scope:
                facts.route = getattr(scope["route"], "path", OTHER)
            self.metrics.answered(facts)
            log_request(scope, facts)

        async def observed_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                facts.status = message["status"]
            elif message["type"] == "http.response.body":
                facts.size += len(message.get("body", b""))
                if not message.get("more_body"):
                    tell()
            await send(message)

        self.metrics.began(task)
        try:
            await self.app(scope, receive, observed_send)
        finally:
            self.metrics.ended(task)
            if not told:
                tell()
