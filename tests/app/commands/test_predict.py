import io
import json
import sys
from pathlib import Path

import pytest

from app.cli import main
from helpers.pictures import noise_png, png
from helpers.tiny_models import topic_of


@pytest.fixture
def grey(tmp_path: Path) -> Path:
    path = tmp_path / "grey.png"
    path.write_bytes(png("L", (20, 20), 204))
    return path


def test_each_file_is_answered_on_its_line(
    tiny_models: Path, grey: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = tmp_path / "noise.png"
    noise.write_bytes(noise_png(16))
    assert main(["predict", "pneumonia", str(grey), str(noise), "--models", str(tiny_models)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{grey}: PNEUMONIA 0.8000"
    assert second.startswith(f"{noise}: ")
    assert second.endswith("(unlike anything the model was trained on)")


def test_json_has_the_whole_answer(tiny_models: Path, grey: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "pneumonia", str(grey), "--json", "--models", str(tiny_models)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["file"] == str(grey)
    assert (answer["label"], answer["positive"], answer["threshold"]) == ("PNEUMONIA", True, 0.5)
    assert answer["probabilities"]["PNEUMONIA"] == pytest.approx(0.8, abs=1e-6)


def test_a_file_that_cannot_be_answered_fails_the_command_but_not_the_others(
    tiny_models: Path, grey: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.png"
    text.write_text("no picture")
    missing = tmp_path / "missing.png"
    files = [str(text), str(missing), str(grey)]
    assert main(["predict", "catdog", *files, "--models", str(tiny_models)]) == 1
    shown = capsys.readouterr()
    assert shown.out.startswith(f"{grey}: ")
    assert [line.partition(": ")[0] for line in shown.err.splitlines()] == [str(text), str(missing)]


def test_a_dash_reads_standard_input(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"oil")))
    assert main(["predict", "topic", "-", "--models", str(tiny_models)]) == 0
    assert capsys.readouterr().out.startswith(f"-: {topic_of('oil')} ")


def test_without_a_model_it_says_why(tmp_path: Path, grey: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "digit", str(grey), "--models", str(tmp_path)]) == 1
    assert "the folder 'digit' of the models folder does not exist" in capsys.readouterr().err
