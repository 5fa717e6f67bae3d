"""More versions of a model, and registries that verify them without running them."""

import shutil
from pathlib import Path

from app.serving.artifact import open_artifact
from app.serving.engine import Batch, Outputs, Scheduling
from app.serving.model import LoadedModel
from app.serving.registry import Registry
from app.settings import Settings
from helpers.tiny_models import write_manifest


class UnusedEngine:
    name = "unused"
    scheduling = Scheduling()
    explain = None

    def run(self, batch: Batch) -> Outputs:
        raise AssertionError("a registry runs no engine")


def verify_only(folder: Path) -> LoadedModel:
    """Verify a version's folder without loading its graph."""
    return LoadedModel(open_artifact(folder), UnusedEngine(), Settings().input_limits)


def loaded(models: Path, kept: int = 1) -> Registry:
    """A registry of a models folder, loaded."""
    registry = Registry(models, verify_only, kept=kept)
    registry.load()
    return registry


def add_version(models: Path, task: str, version: int) -> Path:
    """Add a version that is as good as version 1, and return its folder."""
    folder = models / task / str(version)
    shutil.copytree(models / task / "1", folder)
    write_manifest(folder)
    return folder


def damage(folder: Path) -> None:
    """Change a file of a version, so that its checksum is wrong."""
    with (folder / "saved_model.pb").open("ab") as graph:
        graph.write(b"\0")
