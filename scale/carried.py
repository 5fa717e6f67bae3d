"""Errors that clients are told, on their way from one process to another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.inputs.errors import InputError
from app.serving.errors import (
    ExplanationFilesError,
    ModelUnavailableError,
    NotExplainedError,
    OverloadedError,
    PartlyReloadedError,
    PartlyUnloadedError,
    VersionNotFoundError,
    VersionRefusedError,
)

CARRIED = (
    InputError,
    OverloadedError,
    ModelUnavailableError,
    NotExplainedError,
    ExplanationFilesError,
    VersionNotFoundError,
    VersionRefusedError,
    PartlyReloadedError,
    PartlyUnloadedError,
)
"""What may happen to a request without a defect. Anything else fails the call, and Ray logs it."""


@dataclass(frozen=True)
class Carried:
    """An error as its parts. `pickle` makes exceptions anew from `args`, which are not what these are made of."""

    kind: type[Exception]
    args: tuple[Any, ...]
    members: Mapping[str, Any]

    @classmethod
    def of(cls, error: Exception) -> "Carried":
        """Take an error apart."""
        return cls(type(error), error.args, dict(vars(error)))

    def error(self) -> Exception:
        """Return the error, with neither cause nor trace."""
        error = self.kind.__new__(self.kind, *self.args)
        vars(error).update(self.members)
        return error
