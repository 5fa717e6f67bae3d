"""`quartet models`: what it lists, what it checks, and how it says that something does not pass."""

import json
import shutil
from pathlib import Path

import pytest

from app.cli import main
from app.serving.artifact import sha256_of
from app.tasks import TASKS
from helpers.tiny_models import write_manifest


def run(models: Path, *words: str) -> int:
    return main(["models", "--models", str(models), *words])


def test_intact_models_are_listed_with_their_identity(tiny_models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tiny_models) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [task.name for task in TASKS]
    sha256 = sha256_of(tiny_models / "digit" / "1" / "manifest.json")[:12]
    cells = ["digit", "1", "tiny", "0.0", "MB", "accuracy", "0.9000", "(0.8000", "to", "0.9500)", sha256, "intact"]
    assert lines[2].split() == cells


def test_a_damaged_model_and_a_task_without_one_fail_the_command(
    models_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (models_copy / "digit" / "1" / "golden.npz").unlink()
    (models_copy / "topic").rename(models_copy / "elsewhere")
    assert run(models_copy) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[1].split() == ["topic", "none:", str(models_copy / "topic"), "has", "no", "version"]
    assert shown[2].endswith("refused: golden.npz: is missing")


def test_json_has_each_version_newest_first(models_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newer = shutil.copytree(models_copy / "digit" / "1", models_copy / "digit" / "2")
    write_manifest(newer)
    assert run(models_copy, "digit", "topic", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [(each["task"], each["version"], each["state"]) for each in found] == [
        ("topic", 1, "intact"),
        ("digit", 2, "intact"),
        ("digit", 1, "intact"),
    ]
    assert found[1]["sha256"] == sha256_of(newer / "manifest.json")
    assert found[1]["metrics"][0]["values"]["accuracy"] == {"value": 0.9, "low": 0.8, "high": 0.95}
    files = [path for path in newer.rglob("*") if path.is_file() and path.name != "manifest.json"]
    assert found[1]["bytes"] == sum(path.stat().st_size for path in files)


def test_only_verifying_finds_a_model_whose_answers_have_changed(
    models_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digit, catdog = models_copy / "digit" / "1", models_copy / "catdog" / "1"
    shutil.copy(catdog / "golden.npz", digit / "golden.npz")
    write_manifest(digit)
    assert run(models_copy, "digit", "--json") == 0
    assert run(models_copy, "catdog", "digit", "--verify") == 1
    shown = capsys.readouterr().out.splitlines()
    assert "verified (openvino)" in shown[-1]
    assert "refused: golden.npz: " in shown[-2]


def test_a_task_that_there_is_not_is_an_error_of_use(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["models", "horse"])
    assert exit_.value.code == 2
    assert "there is no task 'horse' (choose from topic, digit, catdog, pneumonia)" in capsys.readouterr().err
