"""Commands of a page that are too long to run: what they name exists, and takes the options that they give."""

import argparse
import runpy
import shlex
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from unittest.mock import patch

from helpers.documents import PROJECT

MAKEFILE = (PROJECT / "Makefile").read_text()
PARSING = {name: getattr(argparse.ArgumentParser, name) for name in ("parse_args", "parse_known_args")}


class _Parsed(BaseException):
    """The command's options were taken: no error, and for no command to catch."""


def refusal_of(command: str) -> str | None:
    """Say why a command could not be run as it is written, or None if it could.

    It may be `make`, `quartet`, `python -m`, one of them with settings before it, or a setting alone.
    """
    words = shlex.split(command, comments=True)
    while words and ("=" in words[0].split("/")[0] or words[0] == "export"):
        words = words[1:]
    match words:
        case []:
            return None
        case ["make", target, *options]:
            return _refused_target(target, options)
        case [program, "-m", module, *options] if program.split("/")[-1] in ("python", "python3"):
            return _refused_options(module, options)
        case ["quartet", *options]:
            return _refused_options("app.cli", options)
        case _:
            return "only `make`, `quartet` and `python -m` can be parsed: run it or skip it"


def commands_in(text: str) -> list[str]:
    """Return a shell block's commands, each in one line; of a console block, what follows the prompts."""
    lines = text.replace("\\\n", " ").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.strip()]


def _refused_target(target: str, options: list[str]) -> str | None:
    rules = MAKEFILE.split(f"\n{target}:")
    if len(rules) != 2:
        return f"the Makefile has no target {target!r}"
    recipe = rules[1].split("\n\n")[0].replace("\\\n", " ")
    words = [word for line in recipe.splitlines() if line.startswith("\t") for word in shlex.split(line)]
    given = [word for option in options if option.startswith("ARGS=") for word in shlex.split(option[5:])]
    if "python -m benchmarks" in recipe:
        return _refused_options(words[words.index("-m") + 1], given)
    missing = [word for word in given if word.startswith("tests/") and not (PROJECT / word.split("::")[0]).exists()]
    return f"there is no {missing[0]}" if missing else None


def _refused_options(module: str, options: list[str]) -> str | None:
    said = StringIO()
    with (
        patch("argparse.ArgumentParser.parse_args", _parse_and_stop("parse_args")),
        patch("argparse.ArgumentParser.parse_known_args", _parse_and_stop("parse_known_args")),
        patch("sys.argv", [module, *options]),
        redirect_stderr(said),
        warnings.catch_warnings(),
    ):
        # It may have been imported by another test.
        warnings.filterwarnings("ignore", ".*found in sys.modules", RuntimeWarning)
        try:
            runpy.run_module(module, run_name="__main__")
        except _Parsed:
            return None
        except (SystemExit, ImportError) as error:
            return said.getvalue() or str(error)
    return f"{module} takes no options"


def _parse_and_stop(method: str) -> Callable[..., None]:
    """Return what parses as a method of `ArgumentParser` does, and then ends the command."""

    def stop(*given: object) -> None:
        # What parses calls itself, for subcommands too.
        with patch.multiple(argparse.ArgumentParser, **PARSING):
            PARSING[method](*given)
        raise _Parsed

    return stop
