import asyncio
import random
import threading
import time
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.serving.scheduling.batcher import Batcher, BatchPolicy
from app.serving.scheduling.workers import Workers


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(3)
    yield pool
    pool.close()


class Doubling:
    """Doubles numbers, fails for a batch that holds a negative one, and keeps the batches it was given."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.batches: list[list[int]] = []

    def __call__(self, batch: Sequence[int]) -> list[int]:
        self.batches.append(list(batch))
        time.sleep(self.seconds)
        if min(batch) < 0:
            raise ArithmeticError(f"{min(batch)} is negative")
        return [2 * item for item in batch]


def batcher(run: Doubling, workers: Workers, size: int = 4, timeout: float = 0.0) -> Batcher[int, int]:
    return Batcher(run, workers, BatchPolicy(size, timeout))


@settings(max_examples=40, deadline=None)
@given(
    items=st.lists(st.integers(-3, 1000), max_size=40),
    size=st.integers(1, 8),
    timeout=st.sampled_from([0.0, 0.001, 0.01]),
    pauses=st.randoms(use_true_random=False),
)
def test_each_item_is_answered_once_with_its_own_result_or_its_own_batchs_error(
    workers: Workers, items: list[int], size: int, timeout: float, pauses: random.Random
) -> None:
    run = Doubling()

    async def ask(gatherer: Batcher[int, int], item: int) -> object:
        if pauses.random() < 0.3:
            await asyncio.sleep(0.001)
        try:
            return await gatherer.submit(item)
        except ArithmeticError:
            return "failed"

    async def ask_all() -> list[object]:
        gatherer = batcher(run, workers, size, timeout)
        return await asyncio.wait_for(asyncio.gather(*(ask(gatherer, item) for item in items)), 20)

    answers = asyncio.run(ask_all())
    assert sorted(item for batch in run.batches for item in batch) == sorted(items)
    assert all(len(batch) <= size for batch in run.batches)
    failed = sum(len(batch) for batch in run.batches if min(batch) < 0)
    assert answers.count("failed") == failed
    for item, answer in zip(items, answers, strict=True):
        assert answer == "failed" or answer == 2 * item


def test_items_keep_their_order_in_a_batch(workers: Workers) -> None:
    run = Doubling()

    async def ask_all() -> None:
        gatherer = batcher(run, workers, size=8, timeout=0.05)
        await asyncio.gather(*(gatherer.submit(item) for item in range(8)))

    asyncio.run(ask_all())
    assert run.batches == [list(range(8))]


def test_a_batch_that_does_not_fill_is_run_after_the_timeout(workers: Workers) -> None:
    run = Doubling()

    async def ask() -> float:
        started = time.perf_counter()
        assert await batcher(run, workers, size=8, timeout=0.05).submit(1) == 2
        return time.perf_counter() - started

    assert 0.04 < asyncio.run(ask()) < 5


def test_items_that_come_while_the_workers_are_busy_are_run_together() -> None:
    run = Doubling(seconds=0.02)

    async def ask_all(pool: Workers) -> None:
        gatherer = batcher(run, pool, size=4)
        await asyncio.gather(*(gatherer.submit(item) for item in range(9)))

    pool = Workers(1)
    asyncio.run(ask_all(pool))
    pool.close()
    assert max(len(batch) for batch in run.batches) == 4
    assert len(run.batches) < 9


def test_a_cancelled_item_is_not_run_and_stalls_nobody() -> None:
    run, gate = Doubling(), threading.Event()

    async def ask_all(pool: Workers) -> list[object]:
        gatherer = batcher(run, pool, size=4)
        blocked = asyncio.ensure_future(pool.run(lambda: gate.wait(10)))
        waiting = [asyncio.ensure_future(gatherer.submit(item)) for item in range(4)]
        await asyncio.sleep(0)
        waiting[1].cancel()
        await asyncio.sleep(0)
        gate.set()
        await blocked
        return await asyncio.gather(*waiting, return_exceptions=True)

    pool = Workers(1)
    answers = asyncio.run(ask_all(pool))
    pool.close()
    assert isinstance(answers[1], asyncio.CancelledError)
    assert [answers[0], *answers[2:]] == [0, 4, 6]
    assert 1 not in [item for batch in run.batches for item in batch]


def test_a_run_that_loses_a_result_is_an_error_and_not_a_wrong_answer(workers: Workers) -> None:
    async def ask() -> None:
        await Batcher(lambda batch: [0] * (len(batch) + 1), workers, BatchPolicy(1, 0)).submit(1)

    with pytest.raises(ValueError, match="1 items were given 2 results"):
        asyncio.run(ask())


@pytest.mark.parametrize(("size", "timeout"), [(0, 0.0), (1, -0.1)])
def test_a_policy_that_could_run_nothing_is_refused(size: int, timeout: float) -> None:
    with pytest.raises(ValueError, match="max_size must be at least 1"):
        BatchPolicy(size, timeout)
