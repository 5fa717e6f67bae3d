"""One input to be scored, wherever it lies: what the results call it, and how its content is had."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol


class ItemError(Exception):
    """An item whose content cannot be had: no such file, no answer of a server. `str(error)` says why."""


@dataclass(frozen=True)
class Item:
    """One input.

    `name` is what the results call it: the same in every run, since a run that is continued knows by it what is done.
    UTF-8 can encode it.

    `read` returns a file's bytes, or a text already decoded. It is called once, on a reading thread, possibly beside
    other items' and in any order, and may take long. It raises `ItemError` or `OSError` where the content cannot be
    had, `app.inputs.errors.InputError` where it is no input; either is a row of the results, and the run goes on.
    """

    name: str
    read: Callable[[], bytes | str]


class Source(Protocol):
    """Where items come from. Each iteration begins anew; no more of it is in memory than is asked for."""

    def __iter__(self) -> Iterator[Item]:
        """Yield the items, in the same order each time.

        Raises:
            ConfigurationError: the source itself cannot be read.
        """
        ...

    def count(self) -> int | None:
        """Return how many items there are, None where that cannot be known beforehand."""
        ...
