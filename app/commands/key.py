"""`quartet key`: a new API key and its entry for the keys file."""

import argparse
import sys

from app.access.caller import Caller
from app.access.keys import entry_of, new_key

DESCRIPTION = """\
Make a new API key. The key goes to standard error, once: only its hash is kept. Its entry for the keys file goes to
standard output, as for `quartet key NAME >> keys.toml`. A service reads the file when it starts.
"""


def add_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("key", help="make an API key", description=DESCRIPTION)
    parser.add_argument("name", help="whose key it is, for the log: letters, digits, - and _")
    parser.add_argument("--per-minute", type=int, metavar="N", help="how many requests a minute it may make")
    parser.add_argument("--admin", action="store_true", help="it may also make the calls of an administrator")
    parser.set_defaults(func=make_key)


def make_key(options: argparse.Namespace) -> int:
    """Print a new key and its entry."""
    key = new_key()
    entry = entry_of(key, Caller(options.name, options.per_minute, options.admin))
    print(f"The key, which is shown this once: {key}", file=sys.stderr)
    print(entry, flush=True)
    return 0
