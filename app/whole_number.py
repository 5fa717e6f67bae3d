"""A whole number as a request writes it."""


def whole_number(text: str, most_digits: int) -> int | None:
    """Return the number that ASCII digits stand for, None if there is anything else or there are more of them.

    Python alone would read the digits of all scripts, signs, blanks and underscores.
    """
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= most_digits else None
