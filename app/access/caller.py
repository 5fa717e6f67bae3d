"""Whose key a request came with."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

STATE_KEY = "caller"


@dataclass(frozen=True)
class Caller:
    """The holder of a key. `per_minute` is how many requests a minute it may make, None for any number.

    `metrics`: it may read the metrics, as an `admin` may.
    """

    name: str
    per_minute: int | None = None
    admin: bool = False
    metrics: bool = False


def caller_of(scope: MutableMapping[str, Any]) -> Caller | None:
    """Return whose key the request of an ASGI scope came with; None where none was asked for."""
    caller: Caller | None = scope.get("state", {}).get(STATE_KEY)
    return caller


def set_caller(scope: MutableMapping[str, Any], caller: Caller) -> None:
    """Keep the caller with the request of an ASGI scope."""
    scope.setdefault("state", {})[STATE_KEY] = caller
