import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from app import cli

TRAIN = EntryPoint("train", "training.not_installed:add_train", cli.GROUP)
BROKEN = EntryPoint("broken", "app.not_there:add_command", cli.GROUP)


def install(monkeypatch: pytest.MonkeyPatch, *entries: EntryPoint) -> None:
    monkeypatch.setattr(cli, "entry_points", lambda group: [entry for entry in entries if entry.group == group])


@pytest.mark.parametrize("arguments", [["train"], ["train", "digit", "--recipe", "x", "--resume", "-v"]])
def test_a_command_whose_extra_is_missing_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    install(monkeypatch, TRAIN)
    assert cli.main(arguments) == 1
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
    words = [sys.executable, "-c", program, "train", "digit", "--list"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("Install it with: pip install 'quartet[train]'")


def test_a_defect_of_the_services_own_commands_is_not_taken_for_a_missing_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(monkeypatch, BROKEN)
    with pytest.raises(ModuleNotFoundError):
        cli.main(["broken"])


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
