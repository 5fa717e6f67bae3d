import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.rate import TokenBucket


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_full_bucket_gives_its_capacity_at_once_and_then_says_when_the_next_token_comes() -> None:
    clock = Clock()
    bucket = TokenBucket(3, clock)
    assert [bucket.take() for _ in range(3)] == [0, 0, 0]
    assert bucket.take() == pytest.approx(20)
    clock.now += 15
    assert bucket.take() == pytest.approx(5)
    clock.now += 5
    assert bucket.take() == 0
    assert bucket.take() == pytest.approx(20)


def test_a_refused_call_costs_no_token() -> None:
    clock = Clock()
    bucket = TokenBucket(60, clock)
    refused = [bucket.take() for _ in range(1000)][60:]
    assert refused == [pytest.approx(1)] * 940
    clock.now += 1.001
    assert bucket.take() == 0


def test_a_long_silence_fills_the_bucket_no_further_than_full() -> None:
    clock = Clock()
    bucket = TokenBucket(5, clock)
    clock.now += 1e6
    assert [bucket.take() == 0 for _ in range(6)] == [True] * 5 + [False]


@given(per_minute=st.integers(1, 5000), waits=st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_nobody_gets_more_than_the_capacity_and_what_the_time_gives(per_minute: int, waits: list[float]) -> None:
    clock = Clock()
    bucket = TokenBucket(per_minute, clock)
    taken = 0
    for wait in waits:
        clock.now += wait
        taken += bucket.take() == 0
    assert taken <= per_minute + sum(waits) * per_minute / 60 + 1e-6


@given(per_minute=st.integers(1, 5000))
def test_who_waits_as_told_is_let_in(per_minute: int) -> None:
    clock = Clock()
    bucket = TokenBucket(per_minute, clock)
    while (seconds := bucket.take()) == 0:
        pass
    # A clock's float has no more digits than this.
    clock.now += seconds + 1e-9
    assert bucket.take() == 0
