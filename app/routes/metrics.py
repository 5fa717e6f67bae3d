"""`GET /metrics`: what Prometheus scrapes."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client.registry import Collector

from app.access.caller import caller_of
from app.openapi import error_responses, ok_response
from app.problem_types import FORBIDDEN
from app.problems import ProblemError
from app.telemetry.exposition import render

EXAMPLE = 'quartet_predictions_total{label="cat",task="catdog",version="2"} 17.0\n'


async def require_metrics_key(request: Request) -> None:
    """Let a request pass whose key may read metrics. Where calls need no key, anyone may.

    Counts of answers tell who asks at the right moment what somebody else's picture showed.

    Raises:
        ProblemError: its key may not.
    """
    caller = caller_of(request.scope)
    if caller is not None and not (caller.metrics or caller.admin):
        detail = f"The key of {caller.name!r} may not read the metrics: make one with `quartet key NAME --metrics`."
        raise ProblemError(FORBIDDEN, detail)


def metrics_router(scraped: Collector) -> APIRouter:
    """Return the route that shows what a collector has."""
    router = APIRouter(tags=["health"])

    @router.get(
        "/metrics",
        summary="Metrics, for Prometheus",
        response_class=PlainTextResponse,
        responses=ok_response(EXAMPLE, "The metrics, as text or, to who accepts it, OpenMetrics.", "text/plain")
        | error_responses(FORBIDDEN),
        dependencies=[Depends(require_metrics_key)],
    )
    async def metrics(accept: Annotated[str, Header(include_in_schema=False)] = "") -> Response:
        """Return what the service has counted, of all its processes. Where calls need a key: one made for it."""
        # The longest thing that is done here without a wait: meanwhile requests go on.
        body, content_type = await asyncio.to_thread(render, scraped, accept)
        return Response(body, headers={"Content-Type": content_type})

    return router
