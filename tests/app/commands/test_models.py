import argparse
from pathlib import Path

import pytest

from app.commands.models import add_command
from app.serving.artifact import sha256_of
from app.tasks import TASKS


def run(models: Path) -> int:
    parser = argparse.ArgumentParser()
    add_command(parser.add_subparsers())
    options = parser.parse_args(["models", "--models", str(models)])
    return int(options.func(options))


def test_intact_models_are_listed_with_their_identity(tiny_models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tiny_models) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [task.name for task in TASKS]
    assert lines[2].split() == [
        "digit",
        "1",
        sha256_of(tiny_models / "digit" / "1" / "manifest.json")[:12],
        "tiny",
        "intact",
    ]


def test_a_damaged_model_and_a_task_without_one_fail_the_command(
    models_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (models_copy / "digit" / "1" / "golden.npz").unlink()
    (models_copy / "topic").rename(models_copy / "elsewhere")
    assert run(models_copy) == 1
    shown = capsys.readouterr().out
    assert "golden.npz: is missing" in shown
    assert "topic         none" in shown
