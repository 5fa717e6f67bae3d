import io
import json
import sys
from pathlib import Path

import httpx
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


def test_json_has_a_line_for_each_file_in_order_with_why_one_has_no_answer(
    tiny_models: Path, grey: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.png"
    text.write_text("no picture")
    files = [str(text), str(tmp_path / "gone.png"), str(grey)]
    assert main(["predict", "catdog", *files, "--json", "--models", str(tiny_models)]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["file"] for line in lines] == files
    assert [line.get("error", {}).get("type") for line in lines] == ["unsupported-media", "unreadable", None]
    assert lines[1]["error"]["detail"] == "No such file or directory"


def test_json_has_the_fields_of_a_servers_answer(
    client: httpx.Client, tiny_models: Path, grey: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "pneumonia", str(grey), "--json", "--threshold", "0.9", "--models", str(tiny_models)]) == 0
    said = json.loads(capsys.readouterr().out)
    served = client.post("/predict/pneumonia?threshold=0.9", content=grey.read_bytes()).json()
    assert said.pop("file") == str(grey)
    assert served.pop("request_id")
    assert list(said.items()) == list(served.items())


def test_topics_are_the_likeliest_as_many_as_asked_for(
    tiny_models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    news = tmp_path / "news.txt"
    news.write_text("oil")
    for words, count in (([], 5), (["--top", "2"], 2)):
        assert main(["predict", "topic", str(news), "--json", "--models", str(tiny_models), *words]) == 0
        assert len(json.loads(capsys.readouterr().out)["probabilities"]) == count


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--version", "7"], "The models folder has no version 7 of the model of 'digit'. It has: 1."),
        (["--version", "0"], "'0' is not a whole number of at least 1"),
        (["--threshold", "2"], "'2' is not a number from 0 to 1"),
        (["--threshold", "0.5"], "quartet predict: --threshold: the answer to digit has none"),
    ],
)
def test_a_choice_that_there_is_not_is_an_error_of_use(
    tiny_models: Path, grey: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    try:
        status = main(["predict", "digit", str(grey), "--models", str(tiny_models), *words])
    except SystemExit as exit_:
        status = exit_.code
    assert status == 2
    assert said in capsys.readouterr().err


def test_a_file_larger_than_a_server_takes_is_refused(
    tiny_models: Path, grey: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QUARTET_MAX_BODY_BYTES", "10")
    assert main(["predict", "digit", str(grey), "/dev/zero", "--models", str(tiny_models)]) == 1
    assert capsys.readouterr().err.count("It has more than 10 bytes; QUARTET_MAX_BODY_BYTES allows no more.") == 2


def test_other_tasks_models_are_not_called_unknown(
    tiny_models: Path, grey: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert main(["predict", "catdog", str(grey), "--models", str(tiny_models)]) == 0
    assert not [record for record in caplog.records if "is ignored" in record.message]


def test_a_dash_reads_standard_input(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"oil")))
    assert main(["predict", "topic", "-", "--models", str(tiny_models)]) == 0
    assert capsys.readouterr().out.startswith(f"-: {topic_of('oil')} ")


def test_without_a_model_it_says_why(tmp_path: Path, grey: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "digit", str(grey), "--models", str(tmp_path)]) == 2
    assert "the folder 'digit' of the models folder does not exist" in capsys.readouterr().err
