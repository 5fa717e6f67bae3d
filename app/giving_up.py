"""Whether anybody still waits for what a thread works on."""

from collections.abc import Callable
from contextvars import ContextVar

GIVEN_UP: ContextVar[Callable[[], bool]] = ContextVar("given_up", default=lambda: False)
"""Says, in the context of the work, that nobody does. Whatever takes long, or waits, may ask."""


class GivenUpError(BaseException):
    """The work was left because nobody waits for it. No `Exception`: it is no fault of what was worked on."""
