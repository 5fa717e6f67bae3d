"""What a route awaits of a model: inputs are let in, read and run on worker threads, as the engine likes best."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TypeVar
from weakref import WeakKeyDictionary, proxy

import numpy as np

from app.inputs.errors import InputError
from app.serving.model import LoadedModel, ModelInput, OutputRow, Payload, Prediction
from app.serving.scheduling.admission import Admission
from app.serving.scheduling.batcher import Batcher, BatchPolicy
from app.serving.scheduling.workers import Workers

Result = TypeVar("Result")

CHUNKS_PER_WORKER = 4
"""Into how many parts a batch request is cut for each worker, so that all are done at nearly the same time."""

LARGEST_CHUNK = 8
"""Inputs of a batch request that a worker answers before it takes another request's turn."""


@dataclass(frozen=True)
class SchedulingPolicy:
    """How a service's threads are used.

    `workers` threads read inputs and run models. At most `max_queue` inputs for a model wait for one. `batch` is for
    engines that prefer batches.
    """

    workers: int
    max_queue: int
    batch: BatchPolicy

    @property
    def capacity(self) -> int:
        """Inputs for a model that may be let in and not yet answered."""
        return self.workers + self.max_queue


class Predictor:
    """Runs work with models off the event loop. For one event loop."""

    def __init__(self, policy: SchedulingPolicy) -> None:
        self._policy = policy
        self._workers = Workers(policy.workers)
        self._admissions: dict[str, Admission] = {}
        self._batchers: WeakKeyDictionary[LoadedModel, Batcher[ModelInput, OutputRow]] = WeakKeyDictionary()

    async def predict(
        self,
        model: LoadedModel,
        payloads: Sequence[Payload],
        threshold: float | None = None,
        seconds: float | None = None,
    ) -> list[Prediction | InputError]:
        """Answer each payload in order; one that cannot be read gets its error. See `LoadedModel.predict`.

        Raises:
            OverloadedError: too many inputs wait, or it is expected to take more than `seconds`.
        """
        scheduling = model.engine.scheduling
        if sum(map(_size, payloads)) <= scheduling.inline_size:
            # Nothing else happens meanwhile: nobody would see it inside, and it says nothing of what workers take.
            self._admission_to(model).check(len(payloads), seconds)
            return model.predict(payloads, threshold)
        with self._admitted(model, len(payloads), seconds):
            if scheduling.in_batches:
                return await self._predict_in_batches(model, payloads, threshold)
            chunks = _chunks(payloads, self._policy.workers)
            parts = await self._side_by_side(model, [partial(model.predict, chunk, threshold) for chunk in chunks])
            return [result for part in parts for result in part]

    async def run(
        self, model: LoadedModel, work: Callable[[LoadedModel], Result], seconds: float | None = None
    ) -> Result:
        """Run other work with a model, of one input, and return its result, or raise its error.

        Raises:
            OverloadedError: too many inputs wait, or it is expected to take more than `seconds`.
        """
        with self._admitted(model, 1, seconds):
            return await self._on_a_worker(model, partial(work, model))

    def check_room(self, task: str, count: int = 1, seconds: float | None = None) -> None:
        """Check that `count` more inputs for a task would be let in now: clients learn it before they have sent them.

        Raises:
            OverloadedError: they would not, or could not be answered within `seconds`.
        """
        admission = self._admissions.get(task)
        if admission is not None:
            admission.check(count, seconds)

    def inside(self, task: str) -> int:
        """Return how many inputs for a task's model have been let in and not yet answered."""
        admission = self._admissions.get(task)
        return admission.inside if admission else 0

    def close(self) -> None:
        """End the threads once they have nothing left to do."""
        self._workers.close()

    async def _predict_in_batches(
        self, model: LoadedModel, payloads: Sequence[Payload], threshold: float | None
    ) -> list[Prediction | InputError]:
        parts = await self._side_by_side(
            model, [partial(model.read_each, chunk) for chunk in _chunks(payloads, self._policy.workers)]
        )
        inputs = [item for part in parts for item in part]
        batcher = self._batcher_of(model)
        rows = iter(await _all(batcher.submit(item) for item in inputs if not isinstance(item, InputError)))
        return [item if isinstance(item, InputError) else model.predict_row(next(rows), threshold) for item in inputs]

    def _admission_to(self, model: LoadedModel) -> Admission:
        task = model.artifact.manifest.task
        admission = self._admissions.get(task)
        if admission is None:
            admission = self._admissions[task] = Admission(self._policy.capacity, self._policy.workers)
        return admission

    def _batcher_of(self, model: LoadedModel) -> Batcher[ModelInput, OutputRow]:
        batcher = self._batchers.get(model)
        if batcher is None:
            # Whoever waits for a batch holds the model; a batcher that held it would keep it for ever.
            weak_model = proxy(model)

            def run_rows(inputs: Sequence[ModelInput]) -> list[OutputRow]:
                rows: list[OutputRow] = weak_model.run_rows(inputs)
                return rows

            batcher = self._batchers[model] = Batcher(run_rows, self._workers, self._policy.batch, model.observer)
        return batcher

    @contextmanager
    def _admitted(self, model: LoadedModel, count: int, seconds: float | None) -> Iterator[None]:
        with self._admission_to(model).admitted(count, seconds):
            model.observer.entered(count)
            try:
                yield
            finally:
                model.observer.left(count)

    async def _on_a_worker(self, model: LoadedModel, work: Callable[[], Result]) -> Result:
        asked = perf_counter()

        def begin() -> Result:
            model.observer.waited(asked, perf_counter())
            return work()

        return await self._workers.run(begin)

    async def _side_by_side(self, model: LoadedModel, jobs: Sequence[Callable[[], Result]]) -> list[Result]:
        """Run jobs on all workers. Each waits its turn behind other requests' again and again, so that none starves."""
        if len(jobs) == 1:
            return [await self._on_a_worker(model, jobs[0])]
        results: dict[int, Result] = {}
        waiting = iter(enumerate(jobs))

        async def take_turns() -> None:
            for index, job in waiting:
                results[index] = await self._on_a_worker(model, job)

        await _all(take_turns() for _ in range(min(self._policy.workers, len(jobs))))
        return [results[index] for index in range(len(jobs))]


async def _all(coroutines: Iterable[Coroutine[None, None, Result]]) -> list[Result]:
    """Await all; if one fails, its error is raised and the others are given up."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        raise


def _size(payload: Payload) -> int:
    return payload.nbytes if isinstance(payload, np.ndarray) else len(payload)


def _chunks(payloads: Sequence[Payload], workers: int) -> list[Sequence[Payload]]:
    size = min(LARGEST_CHUNK, max(1, len(payloads) // (CHUNKS_PER_WORKER * workers)))
    return [payloads[start : start + size] for start in range(0, len(payloads), size)]
