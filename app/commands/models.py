"""`quartet models`: the versions under the models folder, and whether their files are intact."""

import argparse
from pathlib import Path

from app.serving.artifact import open_artifact
from app.serving.errors import ArtifactError
from app.serving.signing import ManifestVerifier, read_verifier
from app.serving.versions import versions_in
from app.settings import Settings
from app.tasks import TASKS

ROW = "{:<10} {:>7}  {:<12}  {:<24}  {}"


def add_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("models", help="list the models and check their files")
    parser.add_argument("--models", type=Path, help="models folder (QUARTET_MODELS_DIR)")
    parser.set_defaults(func=list_models)


def list_models(options: argparse.Namespace) -> int:
    """Print each version, newest first; the status is 1 if one is not intact or a task has none."""
    settings = Settings()
    folder = options.models or settings.models_dir
    verifier = read_verifier(settings.model_public_key)
    print(ROW.format("TASK", "VERSION", "SHA256", "RECIPE", "FILES"))
    intact = [_show_task(folder / task.name, verifier) for task in TASKS]
    return 0 if all(intact) else 1


def _show_task(folder: Path, verifier: ManifestVerifier | None) -> bool:
    versions = versions_in(folder)
    if not versions:
        print(ROW.format(folder.name, "none", "", "", ""))
        return False
    intact = [_show_version(folder / str(version), verifier) for version in versions]
    return all(intact)


def _show_version(folder: Path, verifier: ManifestVerifier | None) -> bool:
    try:
        artifact = open_artifact(folder, verifier)
    except ArtifactError as error:
        print(ROW.format(folder.parent.name, folder.name, "", "", error))
        return False
    manifest = artifact.manifest
    print(ROW.format(manifest.task, manifest.version, artifact.sha256[:12], manifest.recipe, "intact"))
    return True
