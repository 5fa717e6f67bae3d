"""What counts as the same output as a page shows."""

import pytest

from helpers.transcripts import differs

ID = "0b9f7f0c4f6e4c0f9d9a4c1f3f2f8a11"
OTHER_ID = "5f1d0c3b8a2e4f6071829a3b4c5d6e7f"

ALIKE = {
    "itself": ("cat 0.99", "cat 0.99"),
    "other space": ('{"a": 1,\n "b": 2}', '{"a":1,"b":2}\n'),
    "a near number": ('{"probability":0.9985}', '{"probability":0.9979}'),
    "a number with commas": ("1,234 of them", "1,240 of them"),
    "another id": (f'"request_id":"{ID}"', f'"request_id":"{OTHER_ID}"'),
    "another time": ("2025-03-01T12:00:00Z ready", "2026-11-25T19:49:26.5Z ready"),
    "another speed": ("5 inputs in 0 s (11.5/s), 4 before", "5 inputs in 1 min 2 s (1,004/s), 4 before"),
    "what is left out at the end": ("HTTP/1.1 200 OK\n...", "HTTP/1.1 200 OK\ndate: today"),
    "what is left out before": ("...\nready", "a\nb\nready"),
    "what is left out between": ('{"task":"digit",...,"request_id":"..."}', '{"task":"digit","x":1,"request_id":"7"}'),
    "nothing left out": ("a ... b", "a b"),
}

DIFFERENT = {
    "another label": ('"label":"cat"', '"label":"dog"'),
    "another key": ('{"probability":1}', '{"chance":1}'),
    "a far number": ("0.99", "0.5"),
    "another version": ('"version":2', '"version":3'),
    "another sha256": ("a" * 64, "b" * 64),
    "an id that is none": (ID, "none"),
    "more": ("a", "a b"),
    "less": ("a b", "a"),
    "nothing": ("a", ""),
    "a speed that is none": ("in 0 s (11.5/s)", "in 0 s"),
    "another start": ("a ... b", "c a b"),
    "another end": ("a ... b", "a b c"),
    "a piece that is not there": ("a ... b ... c", "a x c"),
}


@pytest.mark.parametrize(("shown", "came"), ALIKE.values(), ids=ALIKE)
def test_space_ids_times_and_a_little_of_a_number_do_not_count(shown, came):
    assert differs(shown, came) is None


@pytest.mark.parametrize(("shown", "came"), DIFFERENT.values(), ids=DIFFERENT)
def test_all_else_counts(shown, came):
    assert differs(shown, came)
