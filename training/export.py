"""Write a model folder: SavedModel, golden file, plots, card and manifest, all of it or nothing."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import tensorflow as tf

from app.serving.artifact import MANIFEST_FILE, checksums
from app.serving.manifest import Manifest
from training.serving_module import ServingModule


class ExportError(Exception):
    """A model folder that could not be written."""


def next_version(models: Path, task: str) -> int:
    """Return the version after the highest that is there, 1 for the first."""
    folder = models / task
    taken = [int(entry.name) for entry in folder.iterdir() if entry.name.isdecimal()] if folder.is_dir() else []
    return max(taken, default=0) + 1


@contextmanager
def new_version(models: Path, task: str) -> Iterator[tuple[Path, int]]:
    """Yield a hidden folder to fill and its version number; it gets that name when the block ends without error.

    A service that looks meanwhile sees no part of it: the rename is one step.

    Raises:
        ExportError: another export took the number first.
    """
    (models / task).mkdir(parents=True, exist_ok=True)
    version = next_version(models, task)
    # Not by the process's number: a container gives each process the same, and a killed export's folder stays behind.
    partial = models / task / f".partial-{uuid4().hex}"
    partial.mkdir()
    try:
        yield partial, version
        try:
            partial.rename(models / task / str(version))
        except OSError as error:
            raise ExportError(f"{task} version {version} appeared meanwhile: export again with --resume") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def save_module(module: ServingModule, folder: Path) -> None:
    """Write the SavedModel of a module and its signatures."""
    tf.saved_model.save(module, str(folder), signatures=module.signatures())


def save_manifest(folder: Path, complete: Callable[[dict[str, str]], Manifest]) -> Manifest:
    """Write the manifest last, over the checksums of all that is in the folder by then."""
    manifest = complete(checksums(folder))
    (folder / MANIFEST_FILE).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return manifest
