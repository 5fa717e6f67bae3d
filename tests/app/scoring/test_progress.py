"""How far a run is, in words."""

import io

import pytest

from app.scoring.progress import LINE_SECONDS, Lines, Standing, duration


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing(0, 0, 0, None, 0.0), "0, 0.0/s"),
        (Standing(80, 20, 50, 1_150, 10.0), "150 of 1,150, 20 without an answer, 10.0/s, 1 min 40 s left"),
        (Standing(30_000, 0, 0, 30_000, 20.0), "30,000 of 30,000, 1,500/s, 0 s left"),
        # The folder has grown since it was counted.
        (Standing(12, 0, 0, 10, 4.0), "12 of 10, 3.0/s, 0 s left"),
    ],
)
def test_a_standing_says_how_many_of_how_many_how_fast_and_how_long(standing: Standing, said: str) -> None:
    assert str(standing) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_durations_are_as_exact_as_they_are_long(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_lines_are_not_written_more_often_than_every_few_seconds() -> None:
    now, stream = 0.0, io.StringIO()
    lines = Lines(stream, lambda: now)
    for now in (1.0, LINE_SECONDS, LINE_SECONDS + 1, 2 * LINE_SECONDS):
        lines(Standing(int(now), 0, 0, None, now))
    assert stream.getvalue() == "10, 1.0/s\n20, 1.0/s\n"
