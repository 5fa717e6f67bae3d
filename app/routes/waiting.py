"""Waits for an answer as long as it is of use: until its deadline, and while the client is there."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from app.connections.hanging_up import HANG_UP, HangUp
from app.deadline import DEADLINE_HEADER, milliseconds_of
from app.problem_types import MALFORMED
from app.problems import ProblemError
from app.serving.errors import DeadlineError
from app.settings import Settings

Result = TypeVar("Result")

DEADLINE_PARAMETER = {
    "name": DEADLINE_HEADER,
    "in": "header",
    "required": False,
    "description": "how long the answer is of use, in milliseconds from when the request has come whole; the "
    "service's own deadline holds too",
    "schema": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
}


def seconds_for(request: Request, settings: Settings) -> float:
    """Return how long a request may wait: the service's deadline, or its own if that is sooner.

    Raises:
        ProblemError: its own is no positive number of milliseconds.
    """
    stated = request.headers.get(DEADLINE_HEADER)
    if stated is None:
        return settings.deadline_ms / 1000
    milliseconds = milliseconds_of(stated)
    if milliseconds is None:
        raise ProblemError(MALFORMED, f"The header {DEADLINE_HEADER} must be a whole number of milliseconds, above 0.")
    return min(milliseconds, settings.deadline_ms) / 1000


async def in_time(request: Request, seconds: float, answer: Awaitable[Result]) -> Result:
    """Await the answer to a request whose body has been read.

    What of it still waits for a worker when it is given up is never run.

    Raises:
        DeadlineError: it was not there after `seconds`.
        ClientDisconnect: the client has hung up.
    """
    loop = asyncio.get_running_loop()
    has_gone = False
    patience = asyncio.timeout(seconds)

    def give_up() -> None:
        nonlocal has_gone
        has_gone = True
        patience.reschedule(loop.time())

    try:
        async with patience:
            with _told_of_hanging_up(request, give_up):
                return await answer
    except TimeoutError as error:
        if not patience.expired():
            raise
        raise (ClientDisconnect() if has_gone else DeadlineError(seconds)) from error


@contextmanager
def _told_of_hanging_up(request: Request, tell: Callable[[], None]) -> Iterator[None]:
    """Within the block call `tell` if the client hangs up."""
    hang_up: HangUp | None = request.scope.get("state", {}).get(HANG_UP)
    if hang_up is not None:
        with hang_up.watched(tell):
            yield
        return
    # Another server's protocol.
    watch = asyncio.create_task(_tell_when_gone(request, tell))
    try:
        yield
    finally:
        watch.cancel()


async def _tell_when_gone(request: Request, tell: Callable[[], None]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    tell()
