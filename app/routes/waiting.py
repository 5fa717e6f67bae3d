"""Waits for an answer as long as it is of use: until its deadline, and while the client is there."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

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

WATCH_SECONDS = 0.05
"""Most answers are there sooner than it would pay to look whether the client has hung up."""


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
    watches: list[asyncio.Task[None]] = []
    has_gone = False
    patience = asyncio.timeout(seconds)

    async def give_up_when_gone() -> None:
        nonlocal has_gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        has_gone = True
        patience.reschedule(loop.time())

    timer = loop.call_later(WATCH_SECONDS, lambda: watches.append(loop.create_task(give_up_when_gone())))
    try:
        async with patience:
            return await answer
    except TimeoutError as error:
        if not patience.expired():
            raise
        raise (ClientDisconnect() if has_gone else DeadlineError(seconds)) from error
    finally:
        timer.cancel()
        for watch in watches:
            watch.cancel()
