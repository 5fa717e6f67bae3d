"""One line for each request: from where, whose key, what was asked for, the status and the request's id."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.types import Scope

from app.access.caller import caller_of
from app.middleware.request_id import request_id_of
from app.telemetry.facts import RequestFacts
from app.telemetry.logs import Structured

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class AccessLine(Structured):
    """A request that has been answered.

    No query is in it, where a client may have put a key or a name. The fields have the route's template alone, the
    text has the path. Neither has the answer: whose picture shows what is nobody's who reads logs.
    """

    scope: Scope
    facts: RequestFacts

    def __str__(self) -> str:
        """Return it as Apache's common log format has it, without the time."""
        host, port = self.scope.get("client") or ("-", 0)
        method, path, request_id = self.scope["method"], quote(self.scope["path"]), request_id_of(self.scope)
        return f'{host}:{port} {self._key or "-"} "{method} {path}" {self.facts.status_label} {request_id}'

    def fields(self) -> Mapping[str, Any]:
        """Return what is known; durations are in seconds, sizes in bytes."""
        facts = self.facts
        client = self.scope.get("client")
        return {
            "message": f"{facts.method} {facts.route} {facts.status_label}",
            "request_id": request_id_of(self.scope),
            "client": client[0] if client else None,
            "key": self._key,
            "method": facts.method,
            "route": facts.route,
            "status": facts.status,
            "problem": facts.problem or None,
            "duration": round(facts.seconds, 6),
            "bytes": facts.size,
            "task": facts.task or None,
            "model_version": facts.version,
        }

    @property
    def _key(self) -> str | None:
        caller = caller_of(self.scope)
        return caller.name if caller else None


def log_request(scope: Scope, facts: RequestFacts) -> None:
    """Log a request that has been answered."""
    if logger.isEnabledFor(logging.INFO):
        logger.info(AccessLine(scope, facts))


def silence_uvicorn() -> None:
    """Turn off uvicorn's own access log, as its `--no-access-log` does: its lines have the query."""
    log = logging.getLogger("uvicorn.access")
    log.handlers.clear()
    log.propagate = False
