"""The header with which a request says how long its answer is of use."""

from app.whole_number import whole_number

DEADLINE_HEADER = "X-Deadline-Ms"
_MOST_DIGITS = 9


def milliseconds_of(stated: str) -> int | None:
    """Return the whole number above 0, of at most nine digits, that the header states; None if it states none."""
    return whole_number(stated, _MOST_DIGITS) or None
