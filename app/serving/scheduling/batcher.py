"""Dynamic batching: inputs of several requests are run together, where an engine is faster so."""

from asyncio import Future, TimerHandle, create_task, get_running_loop
from asyncio import Task as AsyncTask
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass
from time import perf_counter
from typing import Generic, TypeVar

from app.serving.observer import RIDERS, UNOBSERVED_MODEL, ModelObserver
from app.serving.scheduling.workers import Workers

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class BatchPolicy:
    """When a batch is closed: at `max_size` items, or `timeout` seconds after the first of them came.

    TensorFlow Serving's `max_batch_size` and `batch_timeout_micros`, Triton's `max_batch_size` and
    `max_queue_delay_microseconds`. Items that come while all workers are busy are gathered without waiting for it.
    """

    max_size: int
    timeout: float

    def __post_init__(self) -> None:
        if self.max_size < 1 or self.timeout < 0:
            raise ValueError(f"max_size must be at least 1 and timeout not below 0: {self}")


@dataclass(frozen=True, eq=False)
class _Entry(Generic[Item, Result]):
    """An item that waits: since when, in whose context, and who is to be told its result."""

    item: Item
    future: "Future[Result]"
    since: float
    context: Context


class Batcher(Generic[Item, Result]):
    """Gathers items and runs them in batches on workers. For one event loop; not for threads.

    Args:
        run: runs a batch on a worker: as many results as items, in order.
        workers: where batches run; several may run side by side.
        policy: when a batch is closed.
        observer: hears how long each item has waited.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Sequence[Result]],
        workers: Workers,
        policy: BatchPolicy,
        observer: ModelObserver = UNOBSERVED_MODEL,
    ) -> None:
        self._run = run
        self._workers = workers
        self._policy = policy
        self._observer = observer
        self._waiting: deque[_Entry[Item, Result]] = deque()
        self._running: set[AsyncTask[None]] = set()
        self._timer: TimerHandle | None = None

    async def submit(self, item: Item) -> Result:
        """Run an item in some batch and return its result, or raise what its batch raised."""
        future: Future[Result] = get_running_loop().create_future()
        self._waiting.append(_Entry(item, future, perf_counter(), copy_context()))
        if len(self._waiting) >= self._policy.max_size or not self._policy.timeout:
            self._start()
        elif self._timer is None:
            self._timer = get_running_loop().call_later(self._policy.timeout, self._start)
        return await future

    def _start(self) -> None:
        """Ask for a worker. What it runs is settled only when it is free: all that wait by then, up to the limit."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        # It belongs to all whose items it takes: what it logs must not look like one request's.
        task = create_task(self._run_batch(), context=Context())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run_batch(self) -> None:
        batch: list[_Entry[Item, Result]] = []
        try:
            results = await self._workers.run(lambda: self._take_and_run(batch))
        except Exception as error:
            for entry in batch:
                if not entry.future.done():
                    entry.future.set_exception(error)
            return
        for entry, result in zip(batch, results, strict=True):
            if not entry.future.done():
                entry.future.set_result(result)

    def _take_and_run(self, batch: list[_Entry[Item, Result]]) -> Sequence[Result]:
        """On a worker: take what waits, without those that nobody waits for any more, and run it."""
        while len(batch) < self._policy.max_size:
            try:
                entry = self._waiting.popleft()
            except IndexError:
                break
            if not entry.future.cancelled():
                batch.append(entry)
        # Another batch took it all.
        if not batch:
            return ()
        now = perf_counter()
        for entry in batch:
            entry.context.run(self._observer.waited, entry.since, now)
        RIDERS.set(tuple(entry.context for entry in batch))
        results = self._run([entry.item for entry in batch])
        if len(results) != len(batch):
            raise ValueError(f"{len(batch)} items were given {len(results)} results")
        return results
