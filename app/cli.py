"""The command `quartet`: its subcommands are the entry points of the group `quartet.commands`."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from importlib.metadata import EntryPoint, entry_points

from app.errors import ConfigurationError
from app.processes.ending import end_by_stop_signals

GROUP = "quartet.commands"
TRAINING = "training."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit status."""
    end_by_stop_signals()
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="quartet", description="Train, serve and ask Quartet's models.")
    subparsers = parser.add_subparsers(metavar="COMMAND", dest="command", required=True)
    entries = _entries_for(arguments)
    for entry in entries:
        _add(entry, subparsers)
    options = parser.parse_args(arguments)
    try:
        status: int = options.func(options)
    except ConfigurationError as error:
        print(f"quartet {options.command}: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        # The training commands import what they need only once they are asked for.
        entry = next(entry for entry in entries if entry.name == options.command)
        if not entry.module.startswith(TRAINING) or (error.name or "").startswith(("app", "training")):
            raise
        return _say_how_to_install(entry.name, error, options)
    return status


def _entries_for(arguments: Sequence[str]) -> list[EntryPoint]:
    # Only the command asked for is imported: serving does not pay for what training needs.
    entries = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    asked = [entry for entry in entries if list(arguments[:1]) == [entry.name]]
    return asked or entries


def _add(entry: EntryPoint, subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    try:
        add_command = entry.load()
    except ImportError as error:
        if not entry.module.startswith(TRAINING):
            raise
        help_ = "not installed: needs the extra `train`"
        # Whatever arguments the command would take: they cannot be known here.
        parser = subparsers.add_parser(entry.name, help=help_, add_help=False, prefix_chars="\0")
        parser.add_argument("ignored", nargs="*")
        parser.set_defaults(func=partial(_say_how_to_install, entry.name, error))
    else:
        add_command(subparsers)


def _say_how_to_install(name: str, error: ImportError, _: argparse.Namespace) -> int:
    print(f"quartet {name}: {error}. Install it with: pip install 'quartet[train]'", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
