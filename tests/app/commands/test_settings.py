import pytest

from app.cli import main
from app.settings import Settings


def run(*words: str) -> int:
    return main(["settings", *words])


def test_every_setting_is_listed_with_its_value_and_where_that_is_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QUARTET_PORT", "9001")
    monkeypatch.setenv("QUARTET_CORS_ORIGINS", "https://a.example,https://b.example")
    assert run() == 0
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert rows["QUARTET_PORT"] == ["environment", "9001"]
    assert rows["QUARTET_CORS_ORIGINS"] == ["environment", "https://a.example,https://b.example"]
    assert rows["QUARTET_HOST"] == ["default", "127.0.0.1"]
    assert rows["QUARTET_API_KEYS_FILE"] == ["default"]
    assert len(rows) == len(Settings.model_fields) + 1


def test_a_value_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QUARTET_PORT", "many")
    assert run() == 2
    assert "QUARTET_PORT" in capsys.readouterr().err


def test_the_reference_has_a_row_for_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--markdown") == 0
    page = capsys.readouterr().out
    rows = [line for line in page.splitlines() if line.startswith("| `QUARTET_")]
    assert len(rows) == len(Settings.model_fields)
    assert all(line.count(" | ") == 3 for line in rows)
    assert "| `QUARTET_PORT` | whole number, 0 to 65535 | 8000 | TCP port" in page
    assert "| `QUARTET_MAX_BODY_BYTES` | whole number above 0 | 33554432 (32 MiB) |" in page
    assert "| `QUARTET_ENGINE` | `auto`, `tensorflow` or `openvino` | `auto` |" in page
