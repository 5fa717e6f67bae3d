"""What the ingress, the replicas and the keeper of versions tell each other."""

from dataclasses import dataclass

from app.serving.registry import Replacement
from app.serving.versions import TaskState

CHANGE_SECONDS = 120.0
"""After which a replica says that it is late with what it is asked for: TensorFlow's models take longest to load, a few
seconds each."""

ARRIVAL_SECONDS = 10.0
"""How long a request waits for a version that other replicas serve already: they load it at the same time."""


@dataclass(frozen=True)
class NumberedWish:
    """The version of a task that all replicas are to serve, None for none. Of two wishes the higher number holds.

    Number 0 is nobody's wish, but what the first replica found. Watching takes only versions above `seen`.
    """

    number: int
    version: int | None
    seen: int = 0


@dataclass(frozen=True)
class Report:
    """A replica's state, as far as others can use it: its models name the engines that run them, and run nothing."""

    wish: NumberedWish | None
    state: TaskState


@dataclass(frozen=True)
class Fulfilled:
    """A replica has done a reload: what it did, and which wish it now fulfils."""

    replacement: Replacement
    wish: NumberedWish
