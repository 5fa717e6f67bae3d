import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.serving.errors import OverloadedError
from app.serving.scheduling.admission import Admission


def test_one_more_than_the_capacity_is_refused_and_room_comes_back():
    door = Admission(2)
    with door.admitted(1):
        with door.admitted(1), pytest.raises(OverloadedError, match="2 inputs are being answered or wait; at most 2"):
            door.admitted(1).__enter__()
        with door.admitted(1):
            assert door.inside == 2
    assert door.inside == 0


def test_a_request_is_let_in_whole_or_not_at_all():
    door = Admission(10)
    with door.admitted(8):
        with pytest.raises(OverloadedError):
            door.admitted(3).__enter__()
        assert door.inside == 8


def test_a_request_larger_than_the_capacity_is_answered_when_nobody_else_is_inside():
    with Admission(4).admitted(64):
        pass


def test_an_error_inside_leaves_no_one_behind():
    door = Admission(1)
    with pytest.raises(ZeroDivisionError), door.admitted(1):
        raise ZeroDivisionError
    assert door.inside == 0


@given(st.integers(1, 20), st.lists(st.integers(1, 8), max_size=30))
def test_never_more_than_the_capacity_are_inside_at_once(capacity, requests):
    door, inside = Admission(capacity), []
    for count in requests:
        visit = door.admitted(count)
        try:
            visit.__enter__()
        except OverloadedError:
            assert door.inside + count > capacity
            if inside:
                inside.pop(0)[0].__exit__(None, None, None)
            continue
        inside.append((visit, count))
        assert door.inside == sum(count for _, count in inside)
        assert door.inside <= capacity or len(inside) == 1
