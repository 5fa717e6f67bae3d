"""Why an input has no answer, as data: the kinds are a server's problem types, and one for what cannot be had."""

from dataclasses import dataclass

from app.errors import reason_of
from app.inputs.errors import InputError
from app.problem_types import INTERNAL
from app.problems import type_of_input
from app.scoring.items import ItemError

UNREADABLE = "unreadable"
"""The content cannot be had: no such file, no permission, no answer of a server."""


@dataclass(frozen=True)
class Failure:
    """Why an input has no answer. `type` is the slug of a problem type (`/problems/<slug>`), or `UNREADABLE`."""

    type: str
    detail: str


def failure_of(error: Exception) -> Failure:
    """Describe the error of reading an input."""
    match error:
        case InputError():
            return Failure(type_of_input(error).slug, str(error))
        case OSError():
            return Failure(UNREADABLE, error.strerror or reason_of(error))
        case ItemError():
            return Failure(UNREADABLE, str(error))
        # A name with a NUL, say, is a ValueError.
        case _:
            return Failure(UNREADABLE, f"{type(error).__name__}: {error}")


def failure_of_model(error: Exception) -> Failure:
    """Describe an error of the model with an input that was read: a number that is not finite, say."""
    return Failure(INTERNAL.slug, f"{type(error).__name__}: {error}")
