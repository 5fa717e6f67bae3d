"""The header with which a request says how long its answer is of use."""

DEADLINE_HEADER = "X-Deadline-Ms"
_MOST_DIGITS = 9


def milliseconds_of(stated: str) -> int | None:
    """Return the whole number above 0, of at most nine digits, that the header states; None if it states none."""
    is_number = stated.isascii() and stated.isdecimal() and len(stated) <= _MOST_DIGITS
    return int(stated) or None if is_number else None
