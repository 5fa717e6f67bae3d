"""How far a run is, on standard error: a bar on a terminal, elsewhere a line every few seconds."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

LINE_SECONDS = 10.0


@dataclass(frozen=True)
class Standing:
    """How far a run is.

    `total` counts all inputs, None while it is not known; `before` those that were done before this run, `answered` and
    `failed` those of this run, which runs for so many `seconds`.
    """

    answered: int
    failed: int
    before: int
    total: int | None
    seconds: float

    @property
    def done(self) -> int:
        """Inputs that are in the results."""
        return self.before + self.answered + self.failed

    @property
    def per_second(self) -> float:
        """Inputs of this run a second."""
        return (self.answered + self.failed) / self.seconds if self.seconds else 0.0

    @property
    def left(self) -> float | None:
        """Seconds until all is done, at this rate."""
        if self.total is None or not self.per_second:
            return None
        return max(0, self.total - self.done) / self.per_second

    def __str__(self) -> str:
        total = "" if self.total is None else f" of {self.total:,}"
        failed = f", {self.failed:,} without an answer" if self.failed else ""
        left = "" if self.left is None else f", {duration(self.left)} left"
        return f"{self.done:,}{total}{failed}, {rate(self.per_second)}{left}"


Show = Callable[[Standing], None]


def rate(per_second: float) -> str:
    """Write a rate: `89.1/s`, `12,345/s`."""
    return f"{per_second:,.0f}/s" if per_second >= 1000 else f"{per_second:.1f}/s"


def counted(inputs: int) -> str:
    """Write how many inputs: `1 input`, `1,000 inputs`."""
    return f"{inputs:,} input{'' if inputs == 1 else 's'}"


def duration(seconds: float) -> str:
    """Write a duration: `7 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


@contextmanager
def shown(*, quiet: bool) -> Iterator[Show]:
    """Give what shows a standing: a bar if standard error is a terminal and rich is installed, else lines."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty() and (bar := _bar()) is not None:
        with bar as show:
            yield show
    else:
        yield Lines(sys.stderr, time.monotonic)


class Lines:
    """Shows a standing as a line, at most every `LINE_SECONDS`."""

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
        self._last = clock()

    def __call__(self, standing: Standing) -> None:
        """Show it, unless a line was just shown."""
        if self._clock() - self._last >= LINE_SECONDS:
            self._last = self._clock()
            print(standing, file=self._stream, flush=True)


def _bar() -> "_Bar | None":
    try:
        return _Bar()
    except ImportError:
        return None


class _Bar:
    """rich's progress bar."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._progress = Progress(
            BarColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True
        )
        self._task = self._progress.add_task("", total=None)

    def __enter__(self) -> Show:
        self._progress.start()
        return self._show

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _show(self, standing: Standing) -> None:
        self._progress.update(self._task, description=str(standing), completed=standing.done, total=standing.total)
