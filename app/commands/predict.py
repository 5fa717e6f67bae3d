"""`quartet predict`: answer for files on this machine, without a server."""

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from app.commands.parsing import Subparsers, add_model_options, add_parser, add_task, add_threshold, positive_int
from app.commands.using import model_for, settings_with, task_with
from app.exit_status import ExitStatus
from app.inputs.errors import InputError
from app.routes.answers import answer_of
from app.scoring.failures import Failure, failure_of
from app.scoring.files import read_file, read_stream
from app.serving.model import LoadedModel, Prediction
from app.tasks import Task

STANDARD_INPUT = "-"

DESCRIPTION = """\
Answer for each file, with the same model, reading and rules as a server's /predict. One line for each file goes to
standard output, in order; files that have no answer are named on standard error, and the others are answered.
For thousands of files use `quartet score`.
"""
EXAMPLES = (
    "quartet predict digit seven.png",
    "quartet predict pneumonia *.jpeg --threshold 0.5",
    "quartet predict topic - --top 3 --json < news.txt",
    "quartet predict catdog --json photos/*.jpg | jq -r 'select(.label == \"cat\").file'",
)
STATUSES = {
    ExitStatus.OK: "every file was answered",
    ExitStatus.FAILED: "some files have no answer; standard error says why",
}


def add_command(subparsers: Subparsers) -> None:
    """Add the subcommand."""
    parser = add_parser(
        subparsers,
        "predict",
        summary="answer for a few files, without a server",
        description=DESCRIPTION,
        examples=EXAMPLES,
        statuses=STATUSES,
    )
    add_task(parser)
    parser.add_argument("files", nargs="+", metavar="FILE", help="a picture or a text file; - for standard input")
    parser.add_argument(
        "--json",
        action="store_true",
        help="print one line of JSON for each file: the answer as a server gives it, or its `error`",
    )
    parser.add_argument(
        "--top", type=positive_int, metavar="N", help="labels that --json lists (default: 5 topics, all of other tasks)"
    )
    add_threshold(parser)
    add_model_options(parser)
    parser.set_defaults(func=predict)


def predict(options: argparse.Namespace) -> int:
    """Print an answer for each file."""
    settings = settings_with(models_dir=options.models)
    task = task_with(options.task, options.threshold)
    model = model_for(settings, task.name, options.version)
    show = partial(_as_json, task, model, options.top or task.shown) if options.json else _as_text
    answered = [_answer(model, name, options.threshold, settings.max_body_bytes, show) for name in options.files]
    return ExitStatus.OK if all(answered) else ExitStatus.FAILED


def _answer(
    model: LoadedModel,
    name: str,
    threshold: float | None,
    max_bytes: int,
    show: Callable[[str, Prediction | Failure], str | None],
) -> bool:
    result: Prediction | Failure
    try:
        content = (
            read_stream(sys.stdin.buffer, max_bytes) if name == STANDARD_INPUT else read_file(Path(name), max_bytes)
        )
        [predicted] = model.predict([content], threshold)
        result = failure_of(predicted) if isinstance(predicted, InputError) else predicted
    except (InputError, OSError) as error:
        result = failure_of(error)
    if isinstance(result, Failure):
        print(f"{name}: {result.detail}", file=sys.stderr)
    line = show(name, result)
    if line is not None:
        print(line, flush=True)
    return not isinstance(result, Failure)


def _as_text(name: str, result: Prediction | Failure) -> str | None:
    if isinstance(result, Failure):
        return None
    doubt = "" if result.in_distribution else " (unlike anything the model was trained on)"
    return f"{name}: {result.label} {result.probability:.4f}{doubt}"


def _as_json(task: Task, model: LoadedModel, shown: int | None, name: str, result: Prediction | Failure) -> str:
    if isinstance(result, Failure):
        content = {"error": {"type": result.type, "detail": result.detail}}
    else:
        content = answer_of(task, model.artifact, result, shown, "").model_dump(exclude={"request_id"})
    return json.dumps({"file": name, **content}, ensure_ascii=False)
