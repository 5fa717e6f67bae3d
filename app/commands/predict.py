"""`quartet predict`: answer for files on this machine, without a server."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path

from app.inputs.errors import InputError
from app.main import registry_of
from app.serving.errors import ModelUnavailableError
from app.serving.model import LoadedModel, Prediction
from app.settings import Settings
from app.tasks import TASKS, task_named

STANDARD_INPUT = "-"


def add_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("predict", help="answer for files, without a server")
    parser.add_argument("task", choices=[task.name for task in TASKS])
    parser.add_argument("files", nargs="+", metavar="FILE", help="a picture or a text file; - for standard input")
    parser.add_argument("--json", action="store_true", help="print each answer as one line of JSON")
    parser.add_argument("--models", type=Path, help="models folder (QUARTET_MODELS_DIR)")
    parser.set_defaults(func=predict)


def predict(options: argparse.Namespace) -> int:
    """Print an answer for each file; the status is 1 if one has none."""
    settings = Settings() if options.models is None else Settings(models_dir=options.models)
    registry = registry_of(settings, [task_named(options.task)])
    registry.load()
    try:
        model = registry.model(options.task)
    except ModelUnavailableError as error:
        print(f"quartet predict: {error}", file=sys.stderr)
        return 1
    show = _as_json if options.json else _as_text
    results = [_show(model, name, show) for name in options.files]
    return 0 if all(results) else 1


def _show(model: LoadedModel, name: str, show: Callable[[str, Prediction], str]) -> bool:
    try:
        content = sys.stdin.buffer.read() if name == STANDARD_INPUT else Path(name).read_bytes()
    except OSError as error:
        print(f"{name}: {error.strerror}", file=sys.stderr)
        return False
    [result] = model.predict([content])
    if isinstance(result, InputError):
        print(f"{name}: {result}", file=sys.stderr)
        return False
    print(show(name, result), flush=True)
    return True


def _as_text(name: str, prediction: Prediction) -> str:
    doubt = "" if prediction.in_distribution else " (unlike anything the model was trained on)"
    return f"{name}: {prediction.label} {prediction.probability:.4f}{doubt}"


def _as_json(name: str, prediction: Prediction) -> str:
    fields = {key: value for key, value in dataclasses.asdict(prediction).items() if value is not None}
    return json.dumps({"file": name, **fields}, ensure_ascii=False)
