"""`quartet key`: a new API key and its entry for the keys file."""

import argparse
import sys

from app.access.caller import Caller
from app.access.keys import entry_of, new_key
from app.commands.parsing import Subparsers, add_parser, positive_int
from app.exit_status import ExitStatus

DESCRIPTION = """\
Make a new API key. The key goes to standard error, once: only its hash is kept. Its entry for the keys file, which
QUARTET_API_KEYS_FILE names, goes to standard output. A service reads the file when it starts.
"""
EXAMPLES = (
    "quartet key clinic >> keys.toml",
    "quartet key clinic --per-minute 600 >> keys.toml",
    "quartet key operator --admin >> keys.toml",
)
STATUSES = {ExitStatus.OK: "the key was made"}


def add_command(subparsers: Subparsers) -> None:
    """Add the subcommand."""
    parser = add_parser(
        subparsers, "key", summary="make an API key", description=DESCRIPTION, examples=EXAMPLES, statuses=STATUSES
    )
    parser.add_argument("name", metavar="NAME", help="whose key it is, for the log: letters, digits, - and _")
    parser.add_argument(
        "--per-minute", type=positive_int, metavar="N", help="how many requests a minute it may make (default: any)"
    )
    parser.add_argument("--admin", action="store_true", help="it may also make the calls of an administrator")
    parser.add_argument("--metrics", action="store_true", help="it may also read /metrics, for Prometheus")
    parser.set_defaults(func=make_key)


def make_key(options: argparse.Namespace) -> int:
    """Print a new key and its entry."""
    key = new_key()
    entry = entry_of(key, Caller(options.name, options.per_minute, options.admin, options.metrics))
    print(f"The key, which is shown this once: {key}", file=sys.stderr)
    print(entry, flush=True)
    return ExitStatus.OK
