import contextlib

import pytest

from app.serving.errors import FullError, HopelessError
from app.serving.scheduling.admission import Admission
from app.serving.scheduling.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_time_between_answers_is_known_once_two_came_without_a_pause():
    pace = Pace()
    pace.answered(1.0, entered=0.0, count=1)
    assert pace.seconds == 0
    pace.answered(1.5, entered=0.0, count=1)
    assert pace.seconds == 0.5


def test_a_batch_counts_by_its_inputs():
    pace = Pace()
    pace.answered(1.0, 0.0, 1)
    pace.answered(3.0, 0.0, 8)
    assert pace.seconds == 0.25


def test_the_time_when_nobody_was_inside_says_nothing():
    pace = Pace()
    pace.answered(1.0, 0.0, 1)
    pace.answered(1.5, 1.0, 1)
    pace.answered(99.0, 98.0, 1)
    assert pace.seconds == 0.5


def test_it_follows_a_change_and_no_single_slow_answer():
    pace, now = Pace(), 0.0
    for seconds in (0.01,) * 100:
        now += seconds
        pace.answered(now, 0.0, 1)
    pace.answered(now + 1, 0.0, 1)
    assert pace.seconds < 0.1
    for number in range(100):
        pace.answered(now + 1 + 0.02 * (number + 1), 0.0, 1)
    assert pace.seconds == pytest.approx(0.02, rel=0.05)


def test_answers_to_who_came_alone_only_make_it_shorter():
    pace = Pace()
    pace.answered(1.0, 0.0, 1)
    assert pace.seconds == 0
    pace.answered(11.0, 0.0, 1)
    for number in range(100):
        pace.answered(20.1 + number, 20.0 + number, 1)
    assert pace.seconds == pytest.approx(0.1, rel=0.7)
    seconds = pace.seconds
    pace.answered(140.0, 130.0, 1)
    assert pace.seconds == seconds


def leaving(clock, door, *seconds):
    """Let some in together, and then out, each so many seconds after the one before."""
    visits = [door.admitted(1) for _ in seconds]
    for visit in visits:
        visit.__enter__()
    for visit, later in zip(visits, seconds, strict=True):
        clock.now += later
        visit.__exit__(None, None, None)


def test_who_finds_a_free_worker_is_let_in_however_slow_the_answers_were():
    clock = Clock()
    door = Admission(8, 4, clock)
    leaving(clock, door, 0.01, 10)
    with contextlib.ExitStack() as inside:
        for _ in range(4):
            inside.enter_context(door.admitted(1, 1.0))
        with pytest.raises(HopelessError):
            door.check(1, 1.0)


def test_a_batch_larger_than_the_free_workers_is_refused_where_answers_are_slow():
    clock = Clock()
    door = Admission(100, 4, clock)
    leaving(clock, door, 0.01, 1)
    with door.admitted(1):
        door.check(3, 1.0)
        with pytest.raises(HopelessError):
            door.check(4, 1.0)


def test_a_single_slow_interval_bars_nobody_for_ever():
    clock = Clock()
    door = Admission(8, 1, clock)
    leaving(clock, door, 0.01, 10)
    with door.admitted(1), pytest.raises(HopelessError):
        door.check(1, 1.0)
    for _ in range(100):
        leaving(clock, door, 0.01)
        clock.now += 1
    with door.admitted(1):
        door.check(1, 1.0)


def test_who_cannot_be_answered_in_time_is_refused_and_given_up_ones_do_not_make_it_look_faster():
    clock = Clock()
    door = Admission(100, clock=clock)
    visits = [door.admitted(1) for _ in range(10)]
    for visit in visits:
        visit.__enter__()
    for visit in visits[:2]:
        clock.now += 0.1
        visit.__exit__(None, None, None)
    # Eight are inside: the ninth is answered after 0.9 s.
    door.check(1, 2.0)
    with pytest.raises(HopelessError, match="no hope of an answer"):
        door.check(1, 1.0)
    door.check(1)
    given_up = visits[2]
    clock.now += 0.001
    assert not given_up.__exit__(TimeoutError, TimeoutError(), None)
    with pytest.raises(HopelessError):
        door.check(1, 1.0)
    with pytest.raises(FullError):
        door.check(94, 1.0)


def test_where_nobody_is_inside_everybody_may_try():
    clock = Clock()
    door = Admission(4, clock=clock)
    for _ in range(3):
        with door.admitted(1), door.admitted(1):
            clock.now += 60
    door.check(1, 0.001)
