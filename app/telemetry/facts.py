"""What is known of a request for metrics, log and spans. It holds nothing that a client chose."""

import re
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.routing import compile_path

STATE_KEY = "facts"

OTHER = "other"
"""Stands for a route, and for a method, that the service does not have."""

RUNS_A_MODEL = "/infer"
"""How paths end whose parameter `model` is a task that is to answer."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
"""HTTP's: RFC 9110 and RFC 5789."""

ABORTED = "aborted"
"""Stands for the status where no answer was begun."""


@dataclass(slots=True)
class RequestFacts:
    """A request as far as it is known by now.

    `route` is a template like `/models/{task}`, or `OTHER`; `task` is empty for what is of no task. `problem` is why it
    was not answered as asked. `seconds` run from its head to the last byte of its answer, of `size` bytes without head.
    """

    method: str
    route: str
    task: str = ""
    version: int | None = None
    status: int | None = None
    problem: str = ""
    seconds: float = 0.0
    size: int = 0

    @property
    def status_label(self) -> str:
        """The status, or what stands for it."""
        return ABORTED if self.status is None else str(self.status)


class Routes:
    """Which route, and which task, a path belongs to before the router has said so.

    Of paths with parameters the router says so, but for those that run a model.

    Args:
        paths: the routes' templates.
        tasks: the tasks' names.
    """

    def __init__(self, paths: Iterable[str], tasks: Iterable[str]) -> None:
        self._tasks = frozenset(tasks)
        self._known: dict[str, tuple[str, str]] = {}
        self._run_a_model: list[tuple[re.Pattern[str], str]] = []
        for path in paths:
            if "{" not in path:
                self._known[path] = path, next((part for part in path.split("/") if part in self._tasks), "")
            elif path.endswith(RUNS_A_MODEL):
                self._run_a_model.append((compile_path(path)[0], path))

    def find(self, path: str) -> tuple[str, str]:
        """Return the route and the task of a path, `OTHER` and none where they are not known by it alone."""
        found = self._known.get(path)
        if found is None and path.endswith(RUNS_A_MODEL):
            matches = ((pattern.match(path), route) for pattern, route in self._run_a_model)
            found = next(((route, match["model"]) for match, route in matches if match), None)
        return found if found is not None and (not found[1] or found[1] in self._tasks) else (OTHER, "")


def facts_of(scope: MutableMapping[str, Any]) -> RequestFacts | None:
    """Return what is known of the request of an ASGI scope; None where nobody asks."""
    facts: RequestFacts | None = scope.get("state", {}).get(STATE_KEY)
    return facts
