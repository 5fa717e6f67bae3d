"""What all subcommands share: how they are found, and what they say when they end early."""

import argparse
import os
import subprocess
import sys
from importlib.metadata import EntryPoint, version
from unittest.mock import Mock

import pytest

from app import cli
from app.errors import ConfigurationError

TRAIN = EntryPoint("train", "not_installed_here:add_train [train]", cli.GROUP)
UNFINISHED = EntryPoint("unfinished", "training.not_there:add_command [train]", cli.GROUP)
BROKEN = EntryPoint("broken", "app.not_there:add_command", cli.GROUP)


def install(monkeypatch: pytest.MonkeyPatch, *entries: EntryPoint) -> None:
    monkeypatch.setattr(cli, "entry_points", lambda group: [entry for entry in entries if entry.group == group])


@pytest.mark.parametrize("arguments", [["train"], ["train", "digit", "--recipe", "x", "--resume", "-v"]])
def test_a_command_whose_extra_is_missing_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    install(monkeypatch, TRAIN)
    assert cli.main(arguments) == 2
    assert "pip install 'quartet[train]'" in capsys.readouterr().err


def test_a_command_whose_extra_is_missing_is_listed_all_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, TRAIN)
    with pytest.raises(SystemExit) as exit_:
        cli.main(["--help"])
    assert exit_.value.code == 0
    assert "needs the extra `train`" in capsys.readouterr().out


def test_a_command_that_misses_its_extra_only_once_it_runs_says_so_too() -> None:
    # None is what Python takes for a package that is not installed.
    program = "import sys; sys.modules['scipy'] = None; from app.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", program, "train", "topic", "--list"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("Install it with: pip install 'quartet[train]'")


@pytest.mark.parametrize("entry", [BROKEN, UNFINISHED], ids=["without an extra", "with one"])
def test_a_module_of_our_own_that_is_missing_is_a_defect_not_a_missing_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], entry: EntryPoint
) -> None:
    install(monkeypatch, entry)
    assert cli.main([entry.name]) == 70
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "pip install" not in shown


def test_only_the_command_asked_for_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    serve = EntryPoint("serve", "app.commands.serve:add_command", cli.GROUP)
    install(monkeypatch, serve, BROKEN)
    with pytest.raises(SystemExit) as exit_:
        cli.main(["serve", "--help"])
    assert exit_.value.code == 0


def test_no_command_is_an_error_of_use(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main([])
    assert exit_.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(["--version"])
    assert exit_.value.code == 0
    assert capsys.readouterr().out == f"quartet {version('quartet')}\n"


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (KeyboardInterrupt(), 130, "quartet stub: interrupted\n"),
        (ConfigurationError("no such key"), 2, "quartet stub: no such key\n"),
        (OSError(28, "No space left on device", "out.csv"), 2, "quartet stub: out.csv: No space left on device\n"),
    ],
)
def test_what_ends_a_command_early_is_one_line_and_a_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, status: int, said: str
) -> None:
    def fail(_: argparse.Namespace) -> int:
        raise error

    stub = Mock(spec=EntryPoint, extras=[])
    stub.name = "stub"
    stub.load.return_value = lambda subparsers: subparsers.add_parser("stub").set_defaults(func=fail)
    monkeypatch.setattr(cli, "entry_points", lambda group: [stub])
    assert cli.main(["stub"]) == status
    assert capsys.readouterr() == ("", said)


def test_a_reader_that_has_seen_enough_ends_the_command_without_a_word() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "app.cli", "models", "--json"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert done.returncode == 141
    assert done.stderr == ""
