"""`quartet settings`: every setting and the value that it has here."""

import argparse

from app.commands.parsing import Subparsers, add_parser
from app.commands.using import settings_with
from app.exit_status import ExitStatus
from app.settings import Settings
from app.settings_reference import reference, variable_of

DESCRIPTION = """\
List every setting of the service, where its value here is from, and the value. A setting is an environment variable.
--markdown prints the reference instead: what each does, its values and its default.
"""
EXAMPLES = ("quartet settings", "QUARTET_PORT=9000 quartet settings | grep environment", "quartet settings --markdown")
STATUSES = {ExitStatus.OK: "every value can be used"}
ROW = "{:<28} {:<12} {}"


def add_command(subparsers: Subparsers) -> None:
    """Add the subcommand."""
    parser = add_parser(
        subparsers,
        "settings",
        summary="list the settings and their values here",
        description=DESCRIPTION,
        examples=EXAMPLES,
        statuses=STATUSES,
    )
    parser.add_argument("--markdown", action="store_true", help="print the reference of all settings instead")
    parser.set_defaults(func=show_settings)


def show_settings(options: argparse.Namespace) -> int:
    """Print each setting, where its value is from and the value.

    Raises:
        ConfigurationError: a value cannot be used.
    """
    if options.markdown:
        print(reference(), end="")
        return ExitStatus.OK
    settings = settings_with()
    print(ROW.format("VARIABLE", "FROM", "VALUE"))
    for name in Settings.model_fields:
        value = getattr(settings, name)
        origin = "environment" if name in settings.model_fields_set else "default"
        shown = ",".join(value) if isinstance(value, tuple) else value
        print(ROW.format(variable_of(name), origin, "" if shown is None else shown).rstrip())
    return ExitStatus.OK
