"""What a supervisor and its processes say to each other, over the pipe that ties each to it."""

import pickle
from dataclasses import dataclass
from multiprocessing.connection import Connection

BEAT = b"."
"""A sign of life."""


@dataclass(frozen=True)
class Ask:
    """From a process: somebody has asked it for a reload. `number` is the process's own."""

    number: int
    task: str
    version: int | None


@dataclass(frozen=True)
class Order:
    """To a process: do a reload. `ask` is the number of its own `Ask` that this answers, if it was its own."""

    number: int
    task: str
    version: int | None
    ask: int | None = None


@dataclass(frozen=True)
class Done:
    """From a process: an order was carried out, or `problem` says why not.

    `version` serves now, and versions up to `seen` are not taken by watching.
    """

    number: int
    version: int = 0
    seen: int = 0
    problem: str | None = None


@dataclass(frozen=True)
class AllDone:
    """To the process that asked: the version serves in so many processes, and what kept it from the others."""

    ask: int
    processes: int
    problems: tuple[str, ...]


Message = Ask | Order | Done | AllDone


def send(pipe: Connection, message: Message) -> None:
    """Send a message.

    Raises:
        OSError: the other end is gone, or has not read for long.
    """
    pipe.send_bytes(pickle.dumps(message))


def receive(pipe: Connection) -> Message | None:
    """Return the next message; None for a sign of life.

    Raises:
        EOFError, OSError: the other end is gone.
    """
    received = pipe.recv_bytes()
    if received == BEAT:
        return None
    # From this program's own processes alone: the pipe has no name that others could open.
    message: Message = pickle.loads(received)  # noqa: S301
    return message
