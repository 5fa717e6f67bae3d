import hashlib

import pytest

from app.access.caller import Caller
from app.access.errors import RateLimitedError, UnauthenticatedError
from app.access.gate import Gate
from app.access.keys import Keyring

SLOW = Caller("slow", per_minute=1)
FREE = Caller("free")


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def gate(now: list[float]) -> Gate:
    return Gate(Keyring([(hashlib.sha256(b"key").digest(), SLOW)]), lambda: now[0])


@pytest.mark.parametrize("key", [None, b"", b"other"])
def test_who_has_no_known_key_is_told_how_to_send_one(gate: Gate, key: bytes | None) -> None:
    assert gate.identify(b"key") == SLOW
    with pytest.raises(UnauthenticatedError, match="Authorization: Bearer KEY"):
        gate.identify(key)


def test_a_wait_is_told_in_whole_seconds_after_which_the_call_is_let_in(gate: Gate, now: list[float]) -> None:
    gate.count(SLOW)
    now[0] = 0.5
    with pytest.raises(RateLimitedError) as caught:
        gate.count(SLOW)
    assert caught.value.retry_seconds == 60
    now[0] += caught.value.retry_seconds
    gate.count(SLOW)


def test_one_callers_calls_are_not_anothers_and_without_a_rate_none_is_counted(gate: Gate) -> None:
    gate.count(SLOW)
    gate.count(Caller("slower", per_minute=1))
    for _ in range(1000):
        gate.count(FREE)
