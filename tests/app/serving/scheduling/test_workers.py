import asyncio
import gc
import threading
import time
import weakref

import pytest

from app.serving.scheduling.workers import Workers


def run_on(count, body):
    pool = Workers(count)
    try:
        return asyncio.run(asyncio.wait_for(body(pool), 20))
    finally:
        pool.close()


def test_work_is_done_on_another_thread_and_its_result_comes_back():
    async def body(pool):
        return await pool.run(threading.get_ident)

    assert run_on(1, body) != threading.get_ident()


def test_an_error_reaches_the_one_who_waits_and_the_thread_goes_on():
    async def body(pool):
        with pytest.raises(ZeroDivisionError):
            await pool.run(lambda: 1 // 0)
        return await pool.run(lambda: "alive")

    assert run_on(1, body) == "alive"


def test_work_that_raises_what_no_future_takes_ends_with_an_error():
    async def body(pool):
        with pytest.raises(RuntimeError, match="StopIteration"):
            await pool.run(lambda: next(iter(())))
        return await pool.run(lambda: "alive")

    assert run_on(1, body) == "alive"


class Large:
    """What work holds while it runs."""


@pytest.fixture
def _no_collector():
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collector")
def test_what_work_held_that_failed_is_freed_once_its_error_is_handled():
    held = []

    def fail():
        large = Large()
        held.append(weakref.ref(large))
        raise ZeroDivisionError

    async def body(pool):
        with pytest.raises(ZeroDivisionError):
            await pool.run(fail)

    run_on(1, body)
    # The thread lets go of it last.
    until = time.monotonic() + 2
    while held[0]() is not None and time.monotonic() < until:
        time.sleep(0.005)
    assert held[0]() is None


def test_as_much_work_as_there_are_threads_runs_at_the_same_time():
    barrier = threading.Barrier(3, timeout=10)

    async def body(pool):
        return await asyncio.gather(*(pool.run(barrier.wait) for _ in range(3)))

    assert sorted(run_on(3, body)) == [0, 1, 2]


def test_work_whose_waiter_has_gone_before_it_began_is_not_run():
    gate, ran = threading.Event(), []

    async def body(pool):
        busy = asyncio.ensure_future(pool.run(lambda: gate.wait(10)))
        waiting = asyncio.ensure_future(pool.run(lambda: ran.append("unwanted")))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0)
        gate.set()
        await busy
        await pool.run(lambda: ran.append("wanted"))

    run_on(1, body)
    assert ran == ["wanted"]


def test_a_waiter_that_goes_while_its_work_runs_stalls_nobody():
    started, gate = threading.Event(), threading.Event()

    def block():
        started.set()
        gate.wait(10)

    async def body(pool):
        waiting = asyncio.ensure_future(pool.run(block))
        while not started.is_set():
            await asyncio.sleep(0.001)
        waiting.cancel()
        gate.set()
        return await pool.run(lambda: "next")

    assert run_on(1, body) == "next"


def test_closed_threads_end_after_the_work_that_was_given():
    before = threading.active_count()
    assert run_on(2, lambda pool: pool.run(lambda: "done")) == "done"
    for thread in [thread for thread in threading.enumerate() if thread.name.startswith("quartet-worker")]:
        thread.join(1)
    assert threading.active_count() <= before
