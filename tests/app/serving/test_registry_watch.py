"""Which new versions serve without being asked for, and which wait until they are."""

import asyncio
import shutil
from pathlib import Path

import pytest

from app.serving.model import LoadedModel
from app.serving.registry import Registry
from app.serving.scheduling.workers import Workers
from app.serving.watching import watching
from helpers.tiny_models import write_manifest
from helpers.versions import add_version, damage, loaded, verify_only


def serving(registry: Registry) -> int:
    return registry.model("digit").artifact.manifest.version


def test_a_newer_version_serves(models_copy: Path) -> None:
    registry = loaded(models_copy)
    add_version(models_copy, "digit", 2)
    registry.watch()
    assert serving(registry) == 2
    assert registry.model("topic").artifact.manifest.version == 1


def test_nothing_is_loaded_where_nothing_is_newer(models_copy: Path) -> None:
    add_version(models_copy, "digit", 3)
    registry = loaded(models_copy)
    before = [state.model for state in registry.states()]
    add_version(models_copy, "digit", 2)
    registry.watch()
    assert [state.model for state in registry.states()] == before
    assert [state.version for state in registry.state("digit").versions] == [3, 2, 1]


def test_a_refused_version_is_tried_again_only_after_its_files_change(models_copy: Path) -> None:
    tried: list[str] = []

    def load(folder: Path) -> LoadedModel:
        tried.append(f"{folder.parent.name}/{folder.name}")
        return verify_only(folder)

    registry = Registry(models_copy, load)
    registry.load()
    tried.clear()
    folder = add_version(models_copy, "digit", 2)
    damage(folder)
    for _ in range(3):
        registry.watch()
    assert (tried, serving(registry)) == (["digit/2"], 1)
    write_manifest(folder)
    registry.watch()
    assert (tried, serving(registry)) == (["digit/2", "digit/2"], 2)


def test_a_good_version_below_a_refused_one_is_found_at_the_next_look(models_copy: Path) -> None:
    registry = loaded(models_copy)
    add_version(models_copy, "digit", 2)
    damage(add_version(models_copy, "digit", 3))
    registry.watch()
    assert serving(registry) == 1
    registry.watch()
    assert serving(registry) == 2


def test_a_version_rolled_back_to_stays_until_one_comes_that_is_newer_than_all(models_copy: Path) -> None:
    add_version(models_copy, "digit", 2)
    add_version(models_copy, "digit", 4)
    registry = loaded(models_copy)
    registry.reload("digit", 1)
    add_version(models_copy, "digit", 3)
    registry.watch()
    assert serving(registry) == 1
    add_version(models_copy, "digit", 5)
    registry.watch()
    assert serving(registry) == 5


def test_a_version_being_exported_is_not_seen_until_it_has_its_name(models_copy: Path) -> None:
    registry = loaded(models_copy)
    folder = add_version(models_copy, "digit", 2)
    hidden = folder.rename(folder.with_name(".partial-17"))
    registry.watch()
    assert [state.version for state in registry.state("digit").versions] == [1]
    hidden.rename(folder)
    registry.watch()
    assert serving(registry) == 2


def test_a_task_without_a_model_gets_the_first_that_comes(models_copy: Path) -> None:
    kept = models_copy / "digit" / "1"
    shutil.move(kept, models_copy / "elsewhere")
    registry = loaded(models_copy)
    shutil.move(models_copy / "elsewhere", kept)
    registry.watch()
    assert serving(registry) == 1


def test_a_look_that_fails_is_logged_and_the_next_one_comes(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    class Looking(Registry):
        looks = 0

        def watch(self) -> None:
            self.looks += 1
            if self.looks == 1:
                raise RuntimeError("the disk is gone")

    registry = Looking(tmp_path, verify_only)

    async def watch_a_while() -> None:
        loader = Workers(1)
        async with watching(registry, loader, 0.01):
            while registry.looks < 3:
                await asyncio.sleep(0.01)
        loader.close()

    asyncio.run(asyncio.wait_for(watch_a_while(), 10))
    assert [record.message for record in caplog.records] == ["the models folder could not be watched"]


def test_without_an_interval_nothing_is_looked_at(tmp_path: Path) -> None:
    registry = Registry(tmp_path, verify_only)

    async def tasks_within() -> int:
        loader = Workers(1)
        async with watching(registry, loader, 0):
            count = len(asyncio.all_tasks())
        loader.close()
        return count

    assert asyncio.run(tasks_within()) == 1
