"""Whatever is written, removed, reloaded and watched in whatever order, what serves is good and is never lost."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from app.serving.artifact import Artifact, open_artifact
from app.serving.errors import ArtifactError, VersionNotFoundError, VersionRefusedError
from app.serving.model import LoadedModel
from app.serving.registry import Registry
from app.settings import Settings
from app.tasks import task_named
from helpers.versions import UnusedEngine

VERSIONS = st.integers(1, 5)


class Lifecycle(RuleBasedStateMachine):
    """One task's folder, whose versions are good or bad by what their one file says."""

    artifact: Artifact

    @initialize(kept=st.integers(1, 3))
    def begin(self, kept: int) -> None:
        self.models = Path(tempfile.mkdtemp())
        self.kept = kept
        self.on_disk: dict[int, bool] = {}
        self.passed: set[int] = set()
        self.registry = Registry(self.models, self.load, [task_named("digit")], kept)

    def load(self, folder: Path) -> LoadedModel:
        if (folder / "verdict").read_text() != "good":
            raise ArtifactError("verdict", "is bad")
        self.passed.add(int(folder.name))
        manifest = self.artifact.manifest.model_copy(update={"version": int(folder.name)})
        return LoadedModel(replace(self.artifact, manifest=manifest), UnusedEngine(), Settings().input_limits)

    @property
    def serving(self) -> int | None:
        return self.registry.state("digit").serving

    @rule(version=VERSIONS, good=st.booleans())
    def write(self, version: int, good: bool) -> None:
        folder = self.models / "digit" / str(version)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "verdict").write_text("good" if good else "bad")
        self.on_disk[version] = good

    @rule(version=VERSIONS)
    def remove(self, version: int) -> None:
        shutil.rmtree(self.models / "digit" / str(version), ignore_errors=True)
        self.on_disk.pop(version, None)

    @rule(version=st.none() | VERSIONS)
    def reload(self, version: int | None) -> None:
        before, model = self.serving, self.registry.state("digit").model
        wanted = max(self.on_disk, default=None) if version is None else version
        if wanted is None or wanted not in self.on_disk:
            with pytest.raises(VersionNotFoundError):
                self.registry.reload("digit", version)
        elif not self.on_disk[wanted]:
            with pytest.raises(VersionRefusedError):
                self.registry.reload("digit", version)
        else:
            done = self.registry.reload("digit", version)
            assert done.now.manifest.version == wanted == self.serving
            assert (done.before and done.before.manifest.version) == before
            return
        assert self.registry.state("digit").model is model

    @rule()
    def unload(self) -> None:
        self.registry.unload("digit")
        assert self.serving is None
        assert self.registry.state("digit").unloaded

    @rule()
    def watch(self) -> None:
        before = self.serving
        self.registry.watch()
        assert before is None or (self.serving is not None and self.serving >= before)
        assert not (self.registry.state("digit").unloaded and self.serving)

    @rule()
    def watch_until_nothing_changes(self) -> None:
        for _ in self.on_disk:
            self.registry.watch()
        if self.serving is None and not self.registry.state("digit").unloaded:
            assert not any(self.on_disk.values())

    @invariant()
    def what_is_loaded_has_passed_and_is_no_more_than_is_kept(self) -> None:
        if not hasattr(self, "registry"):
            return
        state = self.registry.state("digit")
        assert set(state.loaded) <= self.passed
        assert len(state.loaded) <= self.kept
        assert (state.serving is None) == (state.loaded == {})
        assert (state.reason is None) == (state.serving is not None)
        assert state.serving is None or self.registry.model("digit").artifact.manifest.version == state.serving

    def teardown(self) -> None:
        if hasattr(self, "models"):
            shutil.rmtree(self.models)


def test_any_order_of_changes_leaves_a_good_version_serving(tiny_models: Path) -> None:
    artifact = open_artifact(tiny_models / "digit" / "1")
    machine = type("OfThisArtifact", (Lifecycle,), {"artifact": artifact})
    run_state_machine_as_test(machine, settings=settings(max_examples=60, stateful_step_count=15, deadline=None))
