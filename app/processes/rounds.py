"""Has all processes make the changes that one of them was asked for."""

import contextlib
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol

from app.processes.messages import AllDone, Ask, Done, Message, Order
from app.serving.reloading import Wish


class Process(Protocol):
    """A process that serves, or will."""

    @property
    def number(self) -> int:
        """Its process id."""
        ...

    def send(self, message: Message) -> None:
        """Send it a message.

        Raises:
            OSError: it is gone.
        """
        ...


@dataclass(eq=False)
class _Round:
    """One change. `waiting` have not answered; the first to be waited for, alone, is the one that was asked."""

    number: int
    asked: Process
    ask: Ask
    waiting: set[Process]
    passed: bool = False
    count: int = 0
    problems: list[str] = field(default_factory=list)


class Rounds:
    """Has one change made after the other, so that all processes end with the same version of each task, or none.

    The process that was asked goes first: what it refuses the others are not asked to do. Then all others make it. One
    that ends meanwhile is not waited for: what replaces it is told the `wishes`.

    Args:
        processes: called for all that there are, those that start included: they obey once they serve.
    """

    def __init__(self, processes: Callable[[], Collection[Process]]) -> None:
        self._processes = processes
        self._asked: deque[tuple[Process, Ask]] = deque()
        self._round: _Round | None = None
        self._number = 0
        self._wishes: dict[str, Wish] = {}

    @property
    def wishes(self) -> tuple[Wish, ...]:
        """What was asked for last, of each task."""
        return tuple(self._wishes.values())

    def take(self, process: Process, message: Message) -> None:
        """Take what a process says."""
        match message:
            case Ask():
                self._asked.append((process, message))
                self._go_on()
            case Done():
                self._done(process, message)

    def ended(self, process: Process) -> None:
        """Forget a process."""
        self._asked = deque(asked for asked in self._asked if asked[0] is not process)
        if self._round is not None:
            self._round.waiting.discard(process)
        self._go_on()

    def _done(self, process: Process, done: Done) -> None:
        current = self._round
        if current is None or done.number != current.number or process not in current.waiting:
            return
        current.waiting.discard(process)
        if done.wish is None:
            current.problems.append(f"process {process.number}: {done.problem}")
        else:
            current.count += 1
            if process is current.asked:
                self._pass_on(current, done.wish)
        self._go_on()

    def _pass_on(self, current: _Round, wish: Wish) -> None:
        current.passed = True
        self._wishes[wish.task] = wish
        for other in self._processes():
            if other is not current.asked:
                self._order(current, other, Order(current.number, wish.change))

    def _go_on(self) -> None:
        """End a round that nobody is waited for, and begin the next."""
        current = self._round
        if current is not None and not current.waiting:
            self._round = None
            # What it refused itself it has told already.
            if current.passed:
                with contextlib.suppress(OSError):
                    current.asked.send(AllDone(current.ask.number, current.count, tuple(current.problems)))
        if self._round is None and self._asked:
            process, ask = self._asked.popleft()
            self._number += 1
            self._round = _Round(self._number, process, ask, set())
            self._order(self._round, process, Order(self._number, ask.change, ask.number))
            if not self._round.waiting:
                self._go_on()

    def _order(self, current: _Round, process: Process, order: Order) -> None:
        # One that is gone is noticed, and replaced, elsewhere.
        with contextlib.suppress(OSError):
            process.send(order)
            current.waiting.add(process)
