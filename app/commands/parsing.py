"""What the subcommands' parsers share: how their help reads, options that several take, types of arguments."""

import argparse
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from app.exit_status import ExitStatus
from app.tasks import TASKS

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

COMMON_STATUSES: Mapping[ExitStatus, str] = {
    ExitStatus.UNUSABLE: "nothing was done: wrong use, or a setting, a file or a model that cannot be used",
    ExitStatus.INTERRUPTED: "interrupted",
}
WIDTH = 100


def add_parser(
    subparsers: Subparsers,
    name: str,
    *,
    summary: str,
    description: str,
    examples: Sequence[str],
    statuses: Mapping[ExitStatus, str],
) -> argparse.ArgumentParser:
    """Add a subcommand's parser, whose help says what it does, how it is called, and what its exit statuses mean."""
    return subparsers.add_parser(
        name,
        help=summary,
        description=description,
        epilog=epilog_of(examples, statuses),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def epilog_of(examples: Sequence[str], statuses: Mapping[ExitStatus, str]) -> str:
    """Return the end of a help text: examples and exit statuses, those that all commands share among them."""
    lines = ["examples:", *(f"  {example}" for example in examples), "", "exit status:"]
    for status, meaning in sorted({**COMMON_STATUSES, **statuses}.items()):
        lines += textwrap.wrap(meaning, WIDTH, initial_indent=f"  {status:<4} ", subsequent_indent=" " * 7)
    return "\n".join(lines)


def add_task(parser: argparse.ArgumentParser) -> None:
    """Add the task as a positional argument."""
    names = [task.name for task in TASKS]
    parser.add_argument("task", choices=names, metavar="TASK", help=", ".join(names))


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add which model is asked."""
    add_models(parser)
    parser.add_argument(
        "--version", type=positive_int, metavar="N", help="version of the model (default: the newest usable one)"
    )


def add_models(parser: argparse.ArgumentParser) -> None:
    """Add where the models lie."""
    parser.add_argument(
        "--models",
        type=Path,
        metavar="FOLDER",
        help="models folder (default: QUARTET_MODELS_DIR, or the project's own)",
    )


def add_threshold(parser: argparse.ArgumentParser) -> None:
    """Add the decision threshold."""
    parser.add_argument(
        "--threshold",
        type=share,
        metavar="P",
        help="for pneumonia: probability from 0 to 1 from which it is positive (default: the model's own)",
    )


def positive_int(text: str) -> int:
    """Return a whole number of at least 1.

    Raises:
        ArgumentTypeError: it is none.
    """
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return value


def open_fraction(text: str) -> float:
    """Return a number between 0 and 1, neither of them.

    Raises:
        ArgumentTypeError: it is none.
    """
    value = _number(text)
    if value is None or not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number between 0 and 1")
    return value


def share(text: str) -> float:
    """Return a number from 0 to 1, both of them included.

    Raises:
        ArgumentTypeError: it is none.
    """
    value = _number(text)
    if value is None or not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
