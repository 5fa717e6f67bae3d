"""Answers a request for which a full queue has no room, before the application is asked."""

import re
from asyncio import get_running_loop
from collections import Counter
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from app.middleware.access_log import AccessLogMiddleware
from app.middleware.request_id import RequestIdMiddleware, request_id_of
from app.middleware.security_headers import SecurityHeadersMiddleware
from app.problem_types import OVERLOADED
from app.problems import problem_of, problem_response
from app.serving.errors import OverloadedError

DOOR = "door"
"""The name of the application's `Door` in its lifespan state, where each connection finds it."""

_RUNS_A_MODEL = re.compile(
    rb"/(?:(?:predict|explain)/([a-z]+)(?:/batch)?|v2/models/([a-z]+)(?:/versions/[0-9]+)?/infer)(?:\?|$)"
)


class Door:
    """Looks at a request's first line. For one event loop.

    Args:
        check_room: called with a task and a number of inputs; raises `OverloadedError` if there is no room for them.
    """

    def __init__(self, check_room: Callable[[str, int], None]) -> None:
        self._check_room = check_room
        # Let in since the event loop's last turn. They join the queue in its next one: many that come together would
        # all find the same room.
        self._entering: Counter[str] = Counter()

    def turned_away(self, target: bytes) -> ASGIApp | None:
        """Return what answers a request for `target`, its path and query, if there is no room for it."""
        found = _RUNS_A_MODEL.match(target)
        if found is None:
            return None
        task = (found[1] or found[2]).decode()
        try:
            self._check_room(task, self._entering[task] + 1)
        except OverloadedError as error:
            return RequestIdMiddleware(AccessLogMiddleware(SecurityHeadersMiddleware(_Refusal(str(error)))))
        if not self._entering.total():
            get_running_loop().call_soon(self._entering.clear)
        self._entering[task] += 1
        return None


class _Refusal:
    """An application that answers every request with 503, and reads none."""

    def __init__(self, detail: str) -> None:
        self.detail = detail

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await problem_response(problem_of(OVERLOADED, self.detail, request_id_of(scope)))(scope, receive, send)
