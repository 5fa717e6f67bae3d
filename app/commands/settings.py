"""`quartet settings`: every setting and the value that it has here."""

import argparse
import sys

from pydantic import ValidationError

from app.settings import Settings
from app.settings_reference import reference, variable_of

ROW = "{:<28} {:<12} {}"


def add_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("settings", help="list the settings and their values here")
    parser.add_argument("--markdown", action="store_true", help="print the reference of all settings instead")
    parser.set_defaults(func=show_settings)


def show_settings(options: argparse.Namespace) -> int:
    """Print each setting, where its value is from and the value; the status is 2 if one cannot be used."""
    if options.markdown:
        print(reference(), end="")
        return 0
    try:
        settings = Settings()
    except ValidationError as error:
        print(f"quartet settings: {error}", file=sys.stderr)
        return 2
    print(ROW.format("VARIABLE", "FROM", "VALUE"))
    for name in Settings.model_fields:
        value = getattr(settings, name)
        origin = "environment" if name in settings.model_fields_set else "default"
        shown = ",".join(value) if isinstance(value, tuple) else value
        print(ROW.format(variable_of(name), origin, "" if shown is None else shown).rstrip())
    return 0
