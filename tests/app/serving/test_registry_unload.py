"""A task that is unloaded is not served by anything but a load."""

import gc
import weakref
from pathlib import Path

import pytest

from app.serving.errors import ModelUnavailableError, VersionRefusedError
from app.serving.registry import Registry
from helpers.versions import add_version, damage, loaded

REASON = "it was unloaded on request"


def shown(registry: Registry) -> list[tuple[int, str, str | None]]:
    return [(state.version, state.status, state.reason) for state in registry.state("digit").versions]


def test_an_unloaded_task_is_not_served_and_says_why(models_copy: Path) -> None:
    add_version(models_copy, "digit", 2)
    registry = loaded(models_copy, kept=2)
    registry.unload("digit")
    for version in (None, 1, 2):
        with pytest.raises(ModelUnavailableError, match=f"No model for 'digit' is available: {REASON}"):
            registry.model("digit", version)
    assert shown(registry) == [(2, "not_loaded", REASON), (1, "not_loaded", REASON)]
    assert registry.state("digit").reason == REASON


def test_the_other_tasks_serve_on(models_copy: Path) -> None:
    registry = loaded(models_copy)
    registry.unload("digit")
    assert [state.task.name for state in registry.states() if state.model] == ["topic", "catdog", "pneumonia"]


def test_to_unload_twice_is_as_to_unload_once(models_copy: Path) -> None:
    registry = loaded(models_copy)
    registry.unload("digit")
    registry.unload("digit")
    assert shown(registry) == [(1, "not_loaded", REASON)]


def test_an_unknown_task_cannot_be_unloaded(models_copy: Path) -> None:
    with pytest.raises(KeyError):
        loaded(models_copy).unload("horse")


def test_a_load_brings_a_task_back(models_copy: Path) -> None:
    registry = loaded(models_copy)
    registry.unload("digit")
    done = registry.reload("digit")
    assert (done.now.manifest.version, done.before) == (1, None)
    assert registry.model("digit").artifact == done.now
    assert not registry.state("digit").unloaded


def test_a_load_that_is_refused_leaves_it_unloaded(models_copy: Path) -> None:
    registry = loaded(models_copy)
    registry.unload("digit")
    damage(models_copy / "digit" / "1")
    with pytest.raises(VersionRefusedError, match="No version serves"):
        registry.reload("digit")
    assert registry.state("digit").reason == REASON
    [(version, status, reason)] = shown(registry)
    assert (version, status) == (1, "refused")
    assert "sha256" in str(reason)


def test_watching_leaves_it_unloaded_though_a_newer_version_comes(models_copy: Path) -> None:
    registry = loaded(models_copy)
    registry.unload("digit")
    add_version(models_copy, "digit", 2)
    registry.watch()
    assert registry.state("digit").model is None
    assert registry.reload("digit").now.manifest.version == 2


def test_after_a_load_it_is_watched_again(models_copy: Path) -> None:
    registry = loaded(models_copy)
    registry.unload("digit")
    registry.reload("digit")
    add_version(models_copy, "digit", 2)
    registry.watch()
    assert registry.model("digit").artifact.manifest.version == 2


def test_its_memory_is_freed_with_the_last_request_that_uses_it(models_copy: Path) -> None:
    registry = loaded(models_copy)
    model = registry.model("digit")
    freed = weakref.ref(model)
    registry.unload("digit")
    assert freed() is model
    del model
    gc.collect()
    assert freed() is None
