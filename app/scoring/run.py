"""One run: items are read ahead, answered as a service answers, and written in their order."""

import asyncio
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass

from app.inputs.errors import InputError
from app.scoring.columns import Layout
from app.scoring.done import Names
from app.scoring.failures import Failure, failure_of, failure_of_model
from app.scoring.items import Item, Source
from app.scoring.progress import Show
from app.scoring.results import Results
from app.scoring.tally import Fresh, Tally
from app.serving.model import LoadedModel, Payload, Prediction
from app.serving.predictor import Predictor, SchedulingPolicy
from app.serving.scheduling.batcher import BatchPolicy
from app.serving.scheduling.workers import Workers

TEXTS_AT_ONCE = 32
"""A text is answered in less time than it takes to hand it to a thread; a picture takes a hundred times as long."""

WINDOW = 1024
"""Groups of items that are answered before the one that is written next: one slow input holds up no other."""

SYNC_SECONDS = 1.0
GRACE_SECONDS = 10.0
"""How long items that are being read or answered may go on after a stop signal."""

Answer = Prediction | Failure


@dataclass(frozen=True)
class Plan:
    """How a run uses the machine.

    `workers` threads decode and run the model; `readers` threads fetch content ahead of them. `batch` is for engines
    that prefer batches. What is in memory are `lanes` items' contents, and no more than `WINDOW` groups' answers.
    """

    workers: int
    readers: int
    batch: BatchPolicy

    def lanes(self, *, in_batches: bool) -> int:
        """Return how many groups of items are read or answered at a time: so many that no worker ever waits."""
        return self.workers * (self.batch.max_size if in_batches else 1) + self.readers


@dataclass(frozen=True)
class _Group:
    """Items that are answered together, and their place among all groups."""

    index: int
    names: Sequence[str]
    contents: Sequence[Payload | Failure]


class _Intake:
    """Gives out groups of items that are not yet done, in order, to reading threads."""

    def __init__(self, source: Source, done: Names, size: int, tally: Tally) -> None:
        self._items = iter(source)
        self._fresh = Fresh(done, tally)
        self._size = size
        self._lock = threading.Lock()
        self.given = 0
        """How many groups have been given out."""
        self.closed = False

    def read(self) -> _Group | None:
        """Return the next items with their contents, None when there are no more."""
        with self._lock:
            items = self._take()
            if not items:
                return None
            index, self.given = self.given, self.given + 1
        return _Group(index, [name for name, _ in items], [_content(item) for _, item in items])

    def _take(self) -> list[tuple[str, Item]]:
        taken: list[tuple[str, Item]] = []
        while len(taken) < self._size and not self.closed:
            item = next(self._items, None)
            if item is None:
                break
            name = self._fresh.name_of(item)
            if name is not None:
                taken.append((name, item))
        return taken


class Run:
    """Scores the items of a source that the results do not hold yet.

    Args:
        model: answers.
        source: the items.
        results: where rows go.
        layout: of the results.
        plan: how the machine is used.
        threshold: replaces the model's own.
    """

    def __init__(
        self,
        model: LoadedModel,
        source: Source,
        results: Results,
        layout: Layout,
        plan: Plan,
        threshold: float | None = None,
    ) -> None:
        group = TEXTS_AT_ONCE if model.artifact.manifest.input.kind == "text" else 1
        lanes = plan.lanes(in_batches=model.engine.scheduling.in_batches)
        self.tally = Tally()
        self._model = model
        self._source = source
        self._results = results
        self._layout = layout
        self._threshold = threshold
        self._lanes = lanes
        self._intake = _Intake(source, results.done.names, group, self.tally)
        self._predictor = Predictor(SchedulingPolicy(plan.workers, lanes * group, plan.batch))
        self._readers = Workers(plan.readers, "reader")
        self._counter = Workers(1, "counter")
        self._answered: dict[int, Sequence[tuple[str, Answer]]] = {}
        self._next = 0
        self._moved = asyncio.Condition()
        self._broken = False

    async def run(self, show: Show, *, heeds_signals: bool = True) -> Tally:
        """Score until there are no more items, or a stop signal comes: what was begun is then finished.

        Args:
            show: shows how far it is, every second or two.
            heeds_signals: stop signals end it; otherwise they do what they did before.

        Raises:
            ConfigurationError: the source cannot be read any further; what was read before is in the results.
            OSError: the results cannot be written.
        """
        started = time.monotonic()
        lanes = [asyncio.create_task(self._lane()) for _ in range(self._lanes)]
        ticker = asyncio.create_task(self._tick(started, show))
        others = [ticker, asyncio.create_task(self._count())]
        try:
            with _signals(self._stop) if heeds_signals else nullcontext():
                await self._finish(lanes, ticker)
        finally:
            for task in (*lanes, *others):
                task.cancel()
            await asyncio.gather(*lanes, *others, return_exceptions=True)
            for workers in (self._readers, self._counter, self._predictor):
                workers.close()
            self.tally.seconds = time.monotonic() - started
        return self.tally

    async def _finish(self, lanes: Sequence["asyncio.Task[None]"], ticker: "asyncio.Task[None]") -> None:
        """Wait for all lanes; after a stop or an error, for so long as is right, and then leave what hangs."""
        pending: set[asyncio.Task[None]] = set(lanes)
        give_up = math.inf
        error: BaseException | None = None
        while pending and time.monotonic() < give_up:
            finished, pending = await asyncio.wait(pending, timeout=0.2, return_when=asyncio.FIRST_COMPLETED)
            ended = [*finished, *([ticker] if ticker.done() else [])]
            error = error or next((found for task in ended if (found := task.exception())), None)
            if error or self._intake.closed:
                self._intake.closed = True
                give_up = min(give_up, time.monotonic() + GRACE_SECONDS)
                # What still waits then, waits for a source that has nothing to give: a pipe.
                if self._next == self._intake.given:
                    break
        if error is not None:
            raise error

    def _stop(self, number: int) -> None:
        self.tally.stopped = number
        self._intake.closed = True

    async def _lane(self) -> None:
        while (group := await self._readers.run(self._intake.read)) is not None:
            answers = await self._answer(group.contents)
            await self._put(group.index, list(zip(group.names, answers, strict=True)))

    async def _answer(self, contents: Sequence[Payload | Failure]) -> list[Answer]:
        payloads = [content for content in contents if not isinstance(content, Failure)]
        answers = iter(await self._predict(payloads) if payloads else ())
        return [content if isinstance(content, Failure) else next(answers) for content in contents]

    async def _predict(self, payloads: Sequence[Payload]) -> list[Answer]:
        try:
            results = await self._predictor.predict(self._model, payloads, self._threshold)
        # An engine that fails with one input must not end the run, and what it may raise is documented nowhere.
        except Exception as error:
            if len(payloads) == 1:
                return [failure_of_model(error)]
            return [answer for payload in payloads for answer in await self._predict([payload])]
        return [failure_of(result) if isinstance(result, InputError) else result for result in results]

    async def _put(self, index: int, answers: Sequence[tuple[str, Answer]]) -> None:
        """Write answers when those before them are; too far ahead of them, wait."""
        async with self._moved:
            await self._moved.wait_for(lambda: self._broken or index < self._next + WINDOW)
            self._answered[index] = answers
            if index != self._next or self._broken:
                return
            try:
                while self._next in self._answered:
                    self._write(self._answered.pop(self._next))
                    self._next += 1
            except BaseException:
                self._broken = True
                raise
            finally:
                self._moved.notify_all()

    def _write(self, answers: Sequence[tuple[str, Answer]]) -> None:
        self._results.write([self._layout.row(name, answer) for name, answer in answers])
        for name, answer in answers:
            if isinstance(answer, Failure):
                self.tally.failures.add(name, answer)
            else:
                self.tally.answered += 1

    async def _tick(self, started: float, show: Show) -> None:
        while True:
            await asyncio.sleep(SYNC_SECONDS)
            self._results.sync()
            self.tally.seconds = time.monotonic() - started
            show(self.tally.standing())

    async def _count(self) -> None:
        # What is wrong with the source is said by whoever reads it.
        with suppress(Exception):
            self.tally.total = await self._counter.run(self._source.count)


def _content(item: Item) -> Payload | Failure:
    """Read an item. Whatever a source's reading raises is that item's failure alone."""
    try:
        return item.read()
    except Exception as error:
        return failure_of(error)


@contextmanager
def _signals(stop: Callable[[int], None]) -> Iterator[None]:
    """Hand the first stop signal to `stop`; a second one ends the process as it would have."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def first(number: int) -> None:
        for each in numbers:
            loop.remove_signal_handler(each)
        stop(number)

    # Windows has none of this, and only the main thread may.
    with suppress(NotImplementedError, RuntimeError, ValueError):
        for number in numbers:
            loop.add_signal_handler(number, first, number)
    try:
        yield
    finally:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            for number in numbers:
                loop.remove_signal_handler(number)
