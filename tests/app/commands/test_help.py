"""Every command's help says what it does, how it is called and what its exit statuses mean; every example is right."""

import argparse
import re
import shlex
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from app.cli import EXAMPLES, GROUP, main

PAGES = (Path("docs/command-line.md"), Path("README.md"), Path("docs/security.md"), Path("models/README.md"))
COMMANDS = sorted(entry.name for entry in entry_points(group=GROUP))


class ParsedError(Exception):
    """A command line was understood."""


def help_of(*words: str) -> str:
    """Return what `quartet WORDS --help` prints, without the terminal's width."""
    shown: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(argparse.ArgumentParser, "_print_message", lambda self, text, file=None: shown.append(text))
        with pytest.raises(SystemExit) as exit_:
            main([*words, "--help"])
    assert exit_.value.code == 0
    return "".join(shown)


def commands_in(text: str) -> Iterator[str]:
    """Yield the `quartet ...` of each line that has one, without what the shell does around it."""
    for line in text.splitlines():
        found = re.search(r"(?:^|[|$] |\s|[A-Z_]+=\S+ )(quartet (?:[a-z]+(?!\S)|--).*)", line.split("  #")[0])
        if found:
            yield found[1]


def examples_in(help_: str) -> list[str]:
    lines = help_.partition("examples:\n")[2].partition("\n\nexit status:")[0].splitlines()
    return [line.strip() for line in lines]


def parse(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse a command as the shell would hand it over, and stop before it runs."""
    words = shlex.split(command, comments=True)[1:]
    ends = [index for index, word in enumerate(words) if re.fullmatch(r"[|<>]|>>|2>.*|;|&&", word)]
    words = words[: min(ends, default=len(words))]
    real = argparse.ArgumentParser.parse_args

    def parse_and_stop(self: argparse.ArgumentParser, *arguments: object) -> argparse.Namespace:
        real(self, *arguments)
        raise ParsedError

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_and_stop)
    # What `main` takes for a defect is here the end of the test.
    monkeypatch.setattr("traceback.print_exc", lambda: None)
    assert main(words) == 70, command


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_has_examples_and_exit_statuses(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = help_of(command)
    examples = examples_in(shown)
    assert examples
    assert all(f"quartet {command}" in example for example in examples)
    for status in ("0  ", "2  ", "130"):
        assert re.search(rf"^  {status}  \S", shown, re.MULTILINE)
    for example in commands_in("\n".join(examples)):
        parse(example, monkeypatch)


def test_the_commands_own_help_lists_all_with_a_summary() -> None:
    shown = help_of()
    for command in COMMANDS:
        assert re.search(rf"^    {command} +\S", shown, re.MULTILINE)
    assert examples_in(shown) == list(EXAMPLES)
    assert "an error of the program's own" in shown


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_command_that_a_page_shows_is_understood(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (Path(__file__).parents[3] / page).read_text()
    blocks = re.findall(r"^```(?:sh|console)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for command in commands_in("\n".join(blocks).replace("\\\n", " ")):
        parse(command, monkeypatch)
