from pathlib import Path

import pytest
from pydantic import ValidationError

import app.settings
from app.inputs.limits import PILLOW_MOST_PIXELS
from app.settings import Settings


def test_the_environment_sets_each_knob(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARTET_PORT", "9001")
    monkeypatch.setenv("QUARTET_MODELS_DIR", "/srv/models")
    monkeypatch.setenv("QUARTET_MAX_PIXELS", "1000")
    monkeypatch.setenv("QUARTET_CORS_ORIGINS", "https://a.example, https://b.example")
    settings = Settings()
    assert settings.port == 9001
    assert settings.models_dir == Path("/srv/models")
    assert settings.input_limits.max_pixels == 1000
    assert settings.cors_origins == ("https://a.example", "https://b.example")


def test_what_is_given_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARTET_PORT", "9001")
    assert Settings(port=9002).port == 9002


def test_a_value_out_of_range_names_its_knob(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARTET_PORT", "70000")
    with pytest.raises(ValidationError, match="port"):
        Settings()


def test_the_admin_keys_hash_is_read_in_either_case_and_nothing_else_is_taken_for_one() -> None:
    assert Settings(admin_key_sha256="AB" * 32).admin_key_sha256 == "ab" * 32
    for wrong in ("", "secret", "ab" * 31, "gg" * 32, "ab" * 32 + "\n"):
        with pytest.raises(ValidationError, match="admin_key_sha256"):
            Settings(admin_key_sha256=wrong)


def test_the_models_beside_the_package_are_the_default() -> None:
    beside = Path(app.__file__).parents[1] / "models"
    assert Settings().models_dir == (beside if beside.is_dir() else Path("models"))


@pytest.mark.parametrize(
    ("cores", "processes", "workers"), [(1, 1, 1), (4, 1, 4), (4, 2, 2), (4, 3, 2), (5, 4, 2), (2, 4, 1)]
)
def test_the_cores_are_shared_out_among_the_processes(
    monkeypatch: pytest.MonkeyPatch, cores: int, processes: int, workers: int
) -> None:
    monkeypatch.setattr(app.settings, "available_cores", lambda: cores)
    settings = Settings(processes=processes)
    assert settings.workers == workers
    assert settings.scheduling_policy.workers == settings.engine_policy.streams == workers
    assert Settings(processes=processes, workers=7).workers == 7


def test_no_process_is_no_service() -> None:
    with pytest.raises(ValidationError, match="processes"):
        Settings(processes=0)


def test_every_knob_is_explained() -> None:
    assert [name for name, knob in Settings.model_fields.items() if not knob.description] == []


def test_room_for_all_bodies_is_room_for_the_largest() -> None:
    with pytest.raises(ValidationError, match=r"max_bodies_bytes \(5\) is below max_body_bytes \(6\)"):
        Settings(max_body_bytes=6, max_bodies_bytes=5)


def test_the_limits_of_connections_are_those_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARTET_MAX_CONNECTIONS", "7")
    monkeypatch.setenv("QUARTET_HEAD_SECONDS", "0.5")
    limits = Settings().connection_limits
    assert limits.max_connections == 7
    assert limits.head_seconds == 0.5


def test_the_most_pixels_are_those_that_can_be_read() -> None:
    assert Settings(max_pixels=PILLOW_MOST_PIXELS).input_limits.max_pixels == PILLOW_MOST_PIXELS
    for pixels in (0, PILLOW_MOST_PIXELS + 1):
        with pytest.raises(ValidationError, match="max_pixels"):
            Settings(max_pixels=pixels)


@pytest.mark.parametrize("knob", ["head_seconds", "idle_seconds", "batch_timeout_ms", "watch_seconds", "drain_seconds"])
def test_no_time_is_endless(knob: str) -> None:
    # No timer takes it.
    with pytest.raises(ValidationError, match=knob):
        Settings(**{knob: "inf"})
