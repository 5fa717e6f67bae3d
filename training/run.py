"""A run folder: the configuration, history and checkpoints of one training run, from which it can go on."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

# It needs TensorFlow, which takes seconds to import.
if TYPE_CHECKING:
    from training.workers import Workers

CONFIG_FILE = "config.json"
HISTORY_FILE = "history.json"
SUMMARY_FILE = "summary.json"


class RunError(Exception):
    """A run that cannot be started, resumed or read."""


@dataclass(frozen=True)
class Run:
    """Where a run keeps what it needs to be resumed or repeated, and the workers that share it, if several do."""

    folder: Path
    quiet: bool = False
    workers: "Workers | None" = None

    @property
    def ended(self) -> bool:
        """Whether the run has been trained and measured to its end."""
        return (self.folder / SUMMARY_FILE).exists()

    def stage(self, name: str) -> Path:
        """Return the folder of one fitting stage, made if it is missing."""
        path = self.folder / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, name: str, value: Any) -> None:
        """Write a JSON document into the folder, whole or not at all."""
        write_json(self.folder / name, value)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON document so that a reader sees the old one or the new one, never a part."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def open_run(
    folder: Path, config: dict[str, Any], *, resume: bool, quiet: bool = False, workers: "Workers | None" = None
) -> Run:
    """Start a run in an empty folder, or go on with the one that is there.

    Raises:
        RunError: there is a run in the folder and `resume` is not set, there is none and it is set, or the run there
            was started with another configuration.
    """
    path = folder / CONFIG_FILE
    if not resume:
        if path.exists():
            raise RunError(f"{folder} holds a run already: pass --resume to go on with it, or another --run folder")
        folder.mkdir(parents=True, exist_ok=True)
        write_json(path, config)
        return Run(folder, quiet, workers)
    if not path.exists():
        raise RunError(f"{folder} holds no run to resume: leave --resume out to start one there")
    before = json.loads(path.read_text(encoding="utf-8"))
    differences = "; ".join(_differences(before, config))
    if differences:
        raise RunError(f"{folder} was started with other settings ({differences}): resume with the same ones")
    return Run(folder, quiet, workers)


def _differences(before: dict[str, Any], now: dict[str, Any], inside: str = "") -> Iterator[str]:
    """Yield each setting that changed, by its dotted name."""
    for key in sorted({*before, *now}):
        old, new = before.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _differences(old, new, f"{inside}{key}.")
        elif old != new:
            yield f"{inside}{key} was {old!r}, is {new!r}"
