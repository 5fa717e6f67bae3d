"""A version is replaced by one that passes its checks, or not at all."""

import gc
import shutil
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.serving.errors import VersionNotFoundError, VersionRefusedError
from app.serving.model import LoadedModel
from app.serving.registry import Registry
from helpers.tiny_models import write_manifest
from helpers.versions import add_version, damage, loaded, verify_only


def shown(registry: Registry) -> list[tuple[int, str, str | None]]:
    return [(state.version, state.status, state.reason) for state in registry.state("digit").versions]


def serving(registry: Registry) -> int:
    return registry.model("digit").artifact.manifest.version


def test_the_newest_version_serves_after_a_reload(models_copy: Path) -> None:
    registry = loaded(models_copy)
    first = registry.model("digit").artifact
    add_version(models_copy, "digit", 2)
    add_version(models_copy, "digit", 3)
    done = registry.reload("digit")
    assert (done.now, done.before, done.loaded) == (registry.model("digit").artifact, first, (3,))
    assert shown(registry) == [
        (3, "available", None),
        (2, "not_loaded", "version 3 serves"),
        (1, "not_loaded", "version 3 serves"),
    ]


def test_an_older_version_serves_once_it_is_asked_for(models_copy: Path) -> None:
    add_version(models_copy, "digit", 2)
    registry = loaded(models_copy)
    assert registry.reload("digit", 1).now.manifest.version == 1
    assert serving(registry) == 1
    assert shown(registry) == [(2, "not_loaded", "version 1 serves"), (1, "available", None)]


def test_the_version_that_serves_is_loaded_anew_from_disk(models_copy: Path) -> None:
    registry = loaded(models_copy)
    before = registry.model("digit")
    write_manifest(models_copy / "digit" / "1", seed=7)
    done = registry.reload("digit")
    assert registry.model("digit") is not before
    assert done.before is not None
    assert done.now.sha256 != done.before.sha256
    assert done.now.manifest.seed == 7


def test_a_refused_version_changes_nothing_and_is_shown_with_its_reason(models_copy: Path) -> None:
    registry = loaded(models_copy)
    before = registry.model("digit")
    damage(add_version(models_copy, "digit", 2))
    with pytest.raises(VersionRefusedError) as raised:
        registry.reload("digit")
    reason = "saved_model.pb: its sha256 is not the one in the manifest"
    assert str(raised.value) == f"Version 2 of the model of 'digit' is refused: {reason}. Version 1 serves on."
    assert registry.model("digit") is before
    assert shown(registry) == [(2, "refused", reason), (1, "available", None)]


def test_a_version_that_was_refused_serves_once_it_is_whole(models_copy: Path) -> None:
    registry = loaded(models_copy)
    folder = add_version(models_copy, "digit", 2)
    damage(folder)
    with pytest.raises(VersionRefusedError):
        registry.reload("digit")
    write_manifest(folder)
    registry.reload("digit")
    assert shown(registry) == [(2, "available", None), (1, "not_loaded", "version 2 serves")]


def test_a_version_that_serves_goes_on_though_its_folder_is_no_longer_good(models_copy: Path) -> None:
    registry = loaded(models_copy)
    before = registry.model("digit")
    (models_copy / "digit" / "1" / "golden.npz").unlink()
    with pytest.raises(VersionRefusedError, match=r"golden\.npz: is missing\. Version 1 serves on\."):
        registry.reload("digit")
    assert registry.model("digit") is before
    assert shown(registry) == [(1, "available", "its folder is now refused: golden.npz: is missing")]


def test_a_folder_of_which_only_a_part_has_been_written_is_refused(models_copy: Path) -> None:
    registry = loaded(models_copy)
    folder = add_version(models_copy, "digit", 2)
    (folder / "manifest.json").unlink()
    with pytest.raises(VersionRefusedError, match=r"manifest\.json: is missing"):
        registry.reload("digit")
    assert serving(registry) == 1


def test_a_version_whose_folder_goes_away_serves_on(models_copy: Path) -> None:
    registry = loaded(models_copy)
    shutil.rmtree(models_copy / "digit" / "1")
    with pytest.raises(VersionNotFoundError, match=r"has no version of the model of 'digit'\. It has: none\."):
        registry.reload("digit")
    assert shown(registry) == [(1, "available", None)]
    assert registry.model("digit")


def test_a_version_that_is_not_there_is_told_those_that_are(models_copy: Path) -> None:
    add_version(models_copy, "digit", 2)
    registry = loaded(models_copy)
    with pytest.raises(VersionNotFoundError, match=r"has no version 9 of the model of 'digit'\. It has: 2, 1\."):
        registry.reload("digit", 9)
    assert serving(registry) == 2


def test_a_task_that_had_no_model_gets_one(models_copy: Path) -> None:
    damage(models_copy / "digit" / "1")
    registry = loaded(models_copy)
    with pytest.raises(VersionRefusedError, match=r"No version serves\."):
        registry.reload("digit")
    write_manifest(models_copy / "digit" / "1")
    done = registry.reload("digit")
    assert (done.now.manifest.version, done.before) == (1, None)


def test_a_task_whose_versions_have_not_been_tried_says_so(models_copy: Path) -> None:
    damage(models_copy / "digit" / "1")
    registry = loaded(models_copy)
    (models_copy / "digit" / "1").rename(models_copy / "digit" / "2")
    with pytest.raises(VersionNotFoundError):
        registry.reload("digit", 1)
    assert shown(registry) == [(2, "not_loaded", "it has not been asked for")]
    reason = "the folder 'digit' of the models folder has versions, none of them tried"
    assert registry.state("digit").reason == reason


def test_only_as_many_versions_stay_loaded_as_are_kept(models_copy: Path) -> None:
    registry = loaded(models_copy, kept=2)
    for version, left in ((2, (2, 1)), (3, (3, 2)), (4, (4, 3))):
        add_version(models_copy, "digit", version)
        assert registry.reload("digit").loaded == left
    assert registry.reload("digit", 3).loaded == (3, 4)
    assert registry.reload("digit", 1).loaded == (1, 4)
    assert serving(registry) == 1


def test_an_error_while_loading_that_is_no_refusal_changes_nothing(models_copy: Path) -> None:
    registry = loaded(models_copy)
    before = registry.state("digit")

    def fail(folder: Path) -> LoadedModel:
        raise MemoryError

    registry._load = fail
    with pytest.raises(MemoryError):
        registry.reload("digit")
    assert registry.state("digit") == before


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What is freed then is freed by its last reference alone."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_a_replaced_model_is_freed_with_the_last_request_that_uses_it(models_copy: Path) -> None:
    registry = Registry(models_copy, verify_only)
    registry.load()
    used_by_a_request = registry.model("digit")
    replaced = weakref.ref(used_by_a_request)
    add_version(models_copy, "digit", 2)
    registry.reload("digit")
    assert replaced() is used_by_a_request
    del used_by_a_request
    assert replaced() is None


@pytest.mark.usefixtures("no_collector")
def test_a_replaced_model_is_freed_though_another_version_was_refused_since(models_copy: Path) -> None:
    registry = loaded(models_copy)
    replaced = weakref.ref(registry.model("digit"))
    add_version(models_copy, "digit", 2)
    registry.reload("digit")
    damage(add_version(models_copy, "digit", 3))
    with pytest.raises(VersionRefusedError):
        registry.reload("digit")
    assert replaced() is None
