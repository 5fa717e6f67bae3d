import argparse
from pathlib import Path

import pytest

from app.access.caller import Caller
from app.access.keys import read_keys
from app.commands.key import add_command
from app.errors import ConfigurationError


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    add_command(parser.add_subparsers())
    options = parser.parse_args(["key", *words])
    return int(options.func(options))


def test_the_key_is_shown_beside_an_entry_that_takes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "keys.toml"
    shown = []
    for words in (["clinic", "--per-minute", "90"], ["ops", "--admin"]):
        assert run(*words) == 0
        out, err = capsys.readouterr()
        with path.open("a") as file:
            file.write(out)
        shown.append(err.split()[-1])
    keyring = read_keys(path)
    assert keyring.find(shown[0].encode()) == Caller("clinic", per_minute=90)
    assert keyring.find(shown[1].encode()) == Caller("ops", admin=True)


def test_a_name_that_cannot_stand_in_the_file_is_refused_before_a_key_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ConfigurationError):
        run("two words")
    assert capsys.readouterr() == ("", "")
