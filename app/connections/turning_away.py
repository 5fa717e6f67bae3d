"""Looks at a request's head and says whether a full queue has room for it, before the application is asked."""

import re
from asyncio import get_running_loop
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from app.connections.observing import RefusalObserver
from app.connections.resting import Rest
from app.deadline import DEADLINE_HEADER, milliseconds_of
from app.middleware.request_id import REQUEST_ID_HEADER
from app.problem_types import OVERLOADED
from app.serving.errors import OverloadedError

DOOR = "door"
"""The name of the application's `Door` in its lifespan state, where each connection finds it."""

EXPOSED_HEADERS = (REQUEST_ID_HEADER, "Retry-After")
"""What a page of another origin may see of an answer's headers, beside what every page may."""

RawHeaders = Iterable[tuple[bytes, bytes]]

_RUNS_A_MODEL = re.compile(
    rb"/(?:(?:predict|explain)/([a-z]+)(?:/batch)?|v2/models/([a-z]+)(?:/versions/[0-9]+)?/infer)(?:\?|$)"
)
_DEADLINE = DEADLINE_HEADER.lower().encode()


@dataclass(frozen=True)
class TurnedAway:
    """A request for a task that there is no room for, why, and the seconds that it had."""

    task: str
    detail: str
    seconds: float


class Door:
    """Turns requests away for which there is no room. For one event loop.

    Args:
        check_room: called with a task, a number of inputs and the seconds that they have; raises `OverloadedError` if
            there is no room for them.
        seconds: how long a request may wait that does not say so itself, or more.
        observer: hears of what is refused here and on connections.
        origins: those whose pages may read what this answers; `*` for all.
    """

    def __init__(
        self,
        check_room: Callable[[str, int, float], None],
        seconds: float,
        observer: RefusalObserver,
        origins: Sequence[str] = (),
    ) -> None:
        self.rest = Rest(OVERLOADED.retry_seconds or 0, self._has_room)
        """Where connections wait on which a request was turned away, as long as it is told to wait."""
        self.observer = observer
        self._check_room = check_room
        self._seconds = seconds
        self._origins = frozenset(origin.encode() for origin in origins)
        # Let in since the event loop's last turn. They join the queue in its next one: many that come together would
        # all find the same room.
        self._entering: Counter[str] = Counter()

    def turned_away(self, method: bytes, target: bytes, headers: RawHeaders, waited: float = 0.0) -> TurnedAway | None:
        """Return why a request cannot be let in; None if it can.

        Args:
            method: a browser's question whether it may ask (`OPTIONS`), for one, runs no model.
            target: its path and query.
            headers: names in lower case.
            waited: for how many seconds it may have waited to be read.
        """
        found = _RUNS_A_MODEL.match(target) if method == b"POST" else None
        if found is None:
            return None
        task = (found[1] or found[2]).decode()
        seconds = self._seconds_of(headers) - waited
        try:
            self._check_room(task, self._entering[task] + 1, seconds)
        except OverloadedError as error:
            return TurnedAway(task, str(error), seconds)
        if not self._entering.total():
            get_running_loop().call_soon(self._entering.clear)
        self._entering[task] += 1
        return None

    def _has_room(self, task: str, count: int, seconds: float) -> bool:
        try:
            self._check_room(task, count, seconds)
        except OverloadedError:
            return False
        return True

    def _seconds_of(self, headers: RawHeaders) -> float:
        stated = next((value for name, value in headers if name == _DEADLINE), None)
        # One that is no number is the application's to refuse.
        milliseconds = None if stated is None else milliseconds_of(stated.decode("latin-1"))
        return self._seconds if milliseconds is None else min(self._seconds, milliseconds / 1000)

    def cross_origin_headers(self, headers: RawHeaders) -> list[tuple[bytes, bytes]]:
        """Return what lets a browser show a refusal to the page that asked, as the application's answers have it.

        Args:
            headers: the request's, names in lower case.
        """
        if not self._origins:
            return []
        origin = next((value for name, value in headers if name == b"origin"), None)
        if origin is None or not self._origins & {origin, b"*"}:
            return []
        exposed = (b"access-control-expose-headers", ", ".join(EXPOSED_HEADERS).encode())
        if b"*" in self._origins:
            return [(b"access-control-allow-origin", b"*"), exposed]
        return [(b"access-control-allow-origin", origin), exposed, (b"vary", b"Origin")]
