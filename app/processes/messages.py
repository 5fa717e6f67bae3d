"""What a supervisor and its processes say to each other, over the pipe that ties each to it."""

import pickle
from dataclasses import dataclass
from multiprocessing.connection import Connection

from app.serving.reloading import Change, Wish

BEAT = b"."
"""A sign of life."""


@dataclass(frozen=True)
class Ask:
    """From a process: somebody has asked it for a change. `number` is the process's own."""

    number: int
    change: Change


@dataclass(frozen=True)
class Order:
    """To a process: make a change. `ask` is the number of its own `Ask` that this answers, if it was its own."""

    number: int
    change: Change
    ask: int | None = None


@dataclass(frozen=True)
class Done:
    """From a process: an order was carried out, and `wish` says what came of it; or `problem` says why not."""

    number: int
    wish: Wish | None = None
    problem: str | None = None


@dataclass(frozen=True)
class AllDone:
    """To the process that asked: so many processes have made the change, and what kept the others from it."""

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
