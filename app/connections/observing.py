"""Counts, logs and traces what connections refuse, as what the application answers is."""

from typing import TYPE_CHECKING

from starlette.types import Scope

from app.middleware.access_log import log_request
from app.problem_types import OVERLOADED, QUEUE_FULL
from app.telemetry.facts import STATE_KEY, RequestFacts, Routes
from app.telemetry.metrics import RequestMetrics

if TYPE_CHECKING:
    from app.telemetry.tracing import Tracing


class RefusalObserver:
    """Hears of what was refused before the application saw it.

    Args:
        routes: the routes that a path alone tells.
        metrics: counts the refusals.
        tracing: makes a span of each refused request, if any.
    """

    def __init__(self, routes: Routes, metrics: RequestMetrics, tracing: "Tracing | None" = None) -> None:
        self.refused = metrics.refused
        """Called with why a connection, or what came on it, was refused before there was a request."""
        self._find = routes.find
        self._answered = metrics.answered
        self._tracing = tracing

    def turned_away(self, scope: Scope, seconds: float, size: int) -> None:
        """There was no room for a request.

        Args:
            scope: what ASGI would say of it, with its id in its state.
            seconds: how long it took from its head to its answer.
            size: the bytes of the answer's body.
        """
        route, task = self._find(scope["path"])
        facts = RequestFacts(scope["method"], route, task, None, OVERLOADED.status, QUEUE_FULL, seconds, size)
        self._answered(facts)
        if self._tracing is None:
            log_request(scope, facts)
            return
        scope["state"][STATE_KEY] = facts
        with self._tracing.request(scope):
            log_request(scope, facts)
