"""`quartet models`: the versions under the models folder, and whether they may be served."""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from app.commands.parsing import Subparsers, add_models, add_parser
from app.commands.using import settings_with
from app.exit_status import ExitStatus
from app.serving.artifact import Artifact, open_artifact
from app.serving.engines import load_fastest
from app.serving.errors import ArtifactError
from app.serving.manifest import Manifest
from app.serving.signing import read_verifier
from app.serving.versions import versions_in
from app.settings import Settings
from app.tasks import TASKS

DESCRIPTION = """\
List every version in the models folder: its recipe, the size of its files, its main figure on validation data, and
whether it is intact: each file has the checksum that the manifest states, and the manifest is signed where
QUARTET_MODEL_PUBLIC_KEY is set. --verify also loads each and compares its golden answers, as a server does.
"""
EXAMPLES = (
    "quartet models",
    "quartet models pneumonia --verify",
    "quartet models --json | jq -r '.[] | select(.state == \"refused\").reason'",
)
STATUSES = {
    ExitStatus.OK: "every version passes, and every task has one",
    ExitStatus.FAILED: "a version does not pass, or a task has none",
}

HEADER = ("TASK", "VERSION", "RECIPE", "SIZE", "VALIDATION", "SHA256", "STATE")


@dataclass(frozen=True)
class Listed:
    """A version as it is listed, or a task without one. `state`: intact, verified, refused or none."""

    task: str
    version: int | None
    state: str
    reason: str | None = None
    artifact: Artifact | None = None
    engine: str | None = None


Check = Callable[[Path], Listed]


def add_command(subparsers: Subparsers) -> None:
    """Add the subcommand."""
    parser = add_parser(
        subparsers,
        "models",
        summary="list the models and check them",
        description=DESCRIPTION,
        examples=EXAMPLES,
        statuses=STATUSES,
    )
    names = [task.name for task in TASKS]
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"{', '.join(names)} (default: all)")
    parser.add_argument("--verify", action="store_true", help="also load each version and compare its golden answers")
    parser.add_argument("--json", action="store_true", help="print a JSON list, one object for each version")
    add_models(parser)
    parser.set_defaults(func=partial(list_models, parser))


def list_models(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """Print each version, newest first."""
    names = [task.name for task in TASKS]
    for name in options.tasks:
        if name not in names:
            parser.error(f"there is no task {name!r} (choose from {', '.join(names)})")
    settings = settings_with(models_dir=options.models)
    check = _check_of(settings, verify=options.verify)
    wanted = [name for name in names if not options.tasks or name in options.tasks]
    listed = [found for name in wanted for found in _versions(settings.models_dir / name, check)]
    if options.json:
        print(json.dumps([_as_json(found) for found in listed], indent=2, ensure_ascii=False))
    else:
        print("\n".join(_table([HEADER, *map(_as_row, listed)])))
    passes = all(found.state in ("intact", "verified") for found in listed)
    return ExitStatus.OK if passes else ExitStatus.FAILED


def _check_of(settings: Settings, *, verify: bool) -> Check:
    verifier = read_verifier(settings.model_public_key)

    def check(folder: Path) -> Listed:
        task, version = folder.parent.name, int(folder.name)
        try:
            if not verify:
                return Listed(task, version, "intact", artifact=open_artifact(folder, verifier))
            model = load_fastest(folder, settings.engine_policy, settings.input_limits, verifier)
        except ArtifactError as error:
            return Listed(task, version, "refused", str(error))
        return Listed(task, version, "verified", artifact=model.artifact, engine=model.engine.name)

    return check


def _versions(folder: Path, check: Check) -> Iterator[Listed]:
    versions = versions_in(folder)
    for version in versions:
        yield check(folder / str(version))
    if not versions:
        yield Listed(folder.name, None, "none", f"{folder} has no version")


def _as_row(listed: Listed) -> Sequence[str]:
    version = "" if listed.version is None else str(listed.version)
    if listed.artifact is None:
        return (listed.task, version, "", "", "", "", f"{listed.state}: {listed.reason}")
    artifact = listed.artifact
    engine = f" ({listed.engine})" if listed.engine else ""
    return (
        listed.task,
        version,
        artifact.manifest.recipe,
        f"{_size_of(artifact) / 1e6:.1f} MB",
        _main_figure(artifact.manifest),
        artifact.sha256[:12],
        f"{listed.state}{engine}",
    )


def _as_json(listed: Listed) -> dict[str, Any]:
    artifact = listed.artifact
    described: dict[str, Any] = {}
    if artifact is not None:
        manifest = artifact.manifest
        described = {
            "sha256": artifact.sha256,
            "recipe": manifest.recipe,
            "created": manifest.created.isoformat(),
            "parameters": manifest.parameters,
            "bytes": _size_of(artifact),
            "metrics": [part.model_dump(mode="json") for part in manifest.metrics],
        }
    return {
        "task": listed.task,
        "version": listed.version,
        "state": listed.state,
        "reason": listed.reason,
        "engine": listed.engine,
        **described,
    }


def _size_of(artifact: Artifact) -> int:
    """Return the bytes of all the files that the manifest lists."""
    return sum((artifact.folder / name).stat().st_size for name in artifact.manifest.files)


def _main_figure(manifest: Manifest) -> str:
    """Return what stands for a model: AUC where a threshold is chosen by it, accuracy elsewhere."""
    name, title = ("auc", "AUC") if manifest.operating_point else ("accuracy", "accuracy")
    figure = next((part.values.get(name) for part in manifest.metrics if part.split == "validation"), None)
    return f"{title} {figure.value:.4f} ({figure.low:.4f} to {figure.high:.4f})" if figure else ""


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
