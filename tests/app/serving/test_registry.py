import logging
import shutil
from pathlib import Path

import pytest

from app.serving.errors import ModelUnavailableError, VersionNotLoadedError
from app.serving.registry import Registry
from app.serving.versions import versions_in
from app.tasks import TASKS
from helpers.tiny_models import write_manifest
from helpers.versions import add_version, damage, loaded, verify_only


def test_the_newest_version_serves_and_older_ones_are_not_loaded(models_copy: Path) -> None:
    add_version(models_copy, "digit", 2)
    add_version(models_copy, "digit", 10)
    registry = loaded(models_copy)
    assert registry.model("digit").artifact.manifest.version == 10
    states = [(state.version, state.status, state.reason) for state in registry.state("digit").versions]
    assert states == [
        (10, "available", None),
        (2, "not_loaded", "version 10 serves"),
        (1, "not_loaded", "version 10 serves"),
    ]


def test_a_refused_version_is_kept_with_its_reason_and_the_next_older_one_serves(models_copy: Path) -> None:
    (add_version(models_copy, "digit", 2) / "MODEL_CARD.md").write_text("altered")
    registry = loaded(models_copy)
    assert registry.model("digit").artifact.manifest.version == 1
    refused = registry.state("digit").versions[0]
    assert (refused.version, refused.status) == (2, "refused")
    assert refused.reason == "MODEL_CARD.md: its sha256 is not the one in the manifest"


def test_a_task_of_which_every_version_is_refused_says_why_and_the_others_serve(models_copy: Path) -> None:
    (models_copy / "digit" / "1" / "saved_model.pb").unlink()
    registry = loaded(models_copy)
    with pytest.raises(ModelUnavailableError, match=r"version 1: saved_model\.pb: is missing"):
        registry.model("digit")
    available = [state.task.name for state in registry.states() if state.model]
    assert available == [task.name for task in TASKS if task.name != "digit"]


def test_a_missing_models_folder_is_a_state_with_a_reason(tmp_path: Path) -> None:
    registry = loaded(tmp_path / "nowhere")
    for state in registry.states():
        assert state.model is None
        assert state.reason == f"the folder {state.task.name!r} of the models folder does not exist"


def test_a_task_without_a_version_is_a_state_with_a_reason(models_copy: Path) -> None:
    shutil.rmtree(models_copy / "digit" / "1")
    assert loaded(models_copy).state("digit").reason == "the folder 'digit' of the models folder holds no version"


def test_before_loading_every_task_says_so(tiny_models: Path) -> None:
    with pytest.raises(ModelUnavailableError, match="no model has been loaded yet"):
        Registry(tiny_models, verify_only).model("topic")


def test_a_task_whose_folder_cannot_be_read_is_a_state_with_a_reason_and_the_others_serve(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Path.iterdir

    def unreadable(folder: Path) -> object:
        if folder.name in {"digit", tiny_models.name}:
            raise PermissionError(13, "Permission denied")
        return read(folder)

    monkeypatch.setattr(Path, "iterdir", unreadable)
    registry = loaded(tiny_models)
    reason = "the folder 'digit' of the models folder cannot be read: Permission denied"
    assert registry.state("digit").reason == reason
    assert registry.model("topic").artifact.manifest.version == 1


def test_the_newest_usable_versions_are_kept_as_many_as_are_set(models_copy: Path) -> None:
    for version in (2, 3, 4):
        add_version(models_copy, "digit", version)
    damage(models_copy / "digit" / "3")
    registry = loaded(models_copy, kept=2)
    states = [(state.version, state.status) for state in registry.state("digit").versions]
    assert states == [(4, "available"), (3, "refused"), (2, "available"), (1, "not_loaded")]
    assert registry.model("digit").artifact.manifest.version == 4
    assert registry.model("digit", 2).artifact.manifest.version == 2
    with pytest.raises(
        VersionNotLoadedError, match=r"^Version 1 of the model of 'digit' is not loaded\. Loaded: 2, 4\."
    ):
        registry.model("digit", 1)


def test_a_version_of_a_task_without_any_is_unavailable_and_says_why(models_copy: Path) -> None:
    damage(models_copy / "digit" / "1")
    with pytest.raises(ModelUnavailableError, match="version 1: saved_model"):
        loaded(models_copy).model("digit", 1)


def test_only_positive_integers_are_versions(tmp_path: Path) -> None:
    for name in ("1", "12", "3", "0", "01", "-1", "1.5", ".4.partial", "4.tmp", "latest", "٣"):
        (tmp_path / name).mkdir()
    (tmp_path / "7").write_text("a file")
    assert versions_in(tmp_path) == [12, 3, 1]


def test_a_folder_of_an_unknown_task_is_reported(models_copy: Path, caplog: pytest.LogCaptureFixture) -> None:
    (models_copy / "horse").mkdir()
    (models_copy / ".cache").mkdir()
    with caplog.at_level(logging.WARNING):
        loaded(models_copy)
    assert [record.getMessage() for record in caplog.records] == [
        f"{models_copy / 'horse'} is ignored: there is no task 'horse'"
    ]


def test_a_decision_without_an_operating_point_is_refused(models_copy: Path) -> None:
    write_manifest(models_copy / "pneumonia" / "1", operating_point=None)
    assert "has no operating point" in str(loaded(models_copy).state("pneumonia").reason)


def test_a_model_that_reads_another_kind_of_input_is_refused(models_copy: Path) -> None:
    write_manifest(models_copy / "catdog" / "1", input={"kind": "text"})
    assert "its input is 'text', the task's is 'image'" in str(loaded(models_copy).state("catdog").reason)
