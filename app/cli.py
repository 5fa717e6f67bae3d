"""The command `quartet`: its subcommands are the entry points of the group `quartet.commands`.

A command that needs an extra names it as entry points do: `train = "training.commands:add_train [train]"`.
"""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from functools import partial
from importlib.metadata import EntryPoint, entry_points, version

from app.commands.parsing import Subparsers, epilog_of
from app.errors import ConfigurationError, reason_of
from app.exit_status import ExitStatus
from app.processes.ending import end_by_stop_signals

GROUP = "quartet.commands"
OWN_PACKAGES = frozenset({"app", "training"})

EXAMPLES = (
    "quartet serve --port 8000",
    "quartet predict pneumonia xray.jpeg",
    "quartet score pneumonia xrays/ --out results.csv",
    "quartet COMMAND --help",
)
STATUSES = {
    ExitStatus.OK: "all is well",
    ExitStatus.FAILED: "some inputs have no answer, or some models do not pass; the others were dealt with",
    ExitStatus.DEFECT: "an error of the program's own; the trace on standard error is what to report",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit status."""
    end_by_stop_signals()
    try:
        try:
            return _run(sys.argv[1:] if arguments is None else arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has seen enough. What is still buffered must not be tried again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.BROKEN_PIPE
    except Exception:
        traceback.print_exc()
        return ExitStatus.DEFECT


def _run(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="quartet",
        description="Serve, ask, train and measure Quartet's models.",
        epilog=epilog_of(EXAMPLES, STATUSES),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"quartet {version('quartet')}")
    subparsers = parser.add_subparsers(metavar="COMMAND", dest="command", required=True)
    entries = _entries_for(arguments)
    for entry in entries:
        _add(entry, subparsers)
    options = parser.parse_args(arguments)
    entry = next(entry for entry in entries if entry.name == options.command)
    try:
        return int(options.func(options))
    except KeyboardInterrupt:
        return _say(entry.name, "interrupted", ExitStatus.INTERRUPTED)
    except BrokenPipeError:
        raise
    except ModuleNotFoundError as error:
        # Commands import what only some of their uses need once it is needed.
        if not _misses_extra(entry, error):
            raise
        return _say_how_to_install(entry, error)
    except ConfigurationError as error:
        return _say(entry.name, str(error), ExitStatus.UNUSABLE)
    except OSError as error:
        return _say(entry.name, reason_of(error), ExitStatus.UNUSABLE)


def _entries_for(arguments: Sequence[str]) -> list[EntryPoint]:
    # Only the command asked for is imported: serving does not pay for what training needs.
    entries = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    asked = [entry for entry in entries if list(arguments[:1]) == [entry.name]]
    return asked or entries


def _add(entry: EntryPoint, subparsers: Subparsers) -> None:
    try:
        add_command = entry.load()
    except ImportError as error:
        if not _misses_extra(entry, error):
            raise
        help_ = f"not installed: needs the extra `{entry.extras[0]}`"
        # Whatever arguments the command would take: they cannot be known here.
        parser = subparsers.add_parser(entry.name, help=help_, add_help=False, prefix_chars="\0")
        parser.add_argument("ignored", nargs="*")
        parser.set_defaults(func=partial(_say_how_to_install_later, entry, error))
    else:
        add_command(subparsers)


def _misses_extra(entry: EntryPoint, error: ImportError) -> bool:
    return bool(entry.extras) and (error.name or "").partition(".")[0] not in OWN_PACKAGES


def _say_how_to_install(entry: EntryPoint, error: ImportError) -> int:
    message = f"{error}. Install it with: pip install 'quartet[{entry.extras[0]}]'"
    return _say(entry.name, message, ExitStatus.UNUSABLE)


def _say_how_to_install_later(entry: EntryPoint, error: ImportError, _: argparse.Namespace) -> int:
    return _say_how_to_install(entry, error)


def _say(command: str, message: str, status: ExitStatus) -> int:
    print(f"quartet {command}: {message}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
