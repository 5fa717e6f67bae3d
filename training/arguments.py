"""Types of command-line arguments."""

import argparse


def positive_int(text: str) -> int:
    """Return a whole number of at least 1.

    Raises:
        ArgumentTypeError: it is smaller.
        ValueError: it is no whole number.
    """
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return value


def open_fraction(text: str) -> float:
    """Return a number between 0 and 1, neither of them.

    Raises:
        ArgumentTypeError: it is outside.
        ValueError: it is no number.
    """
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value
