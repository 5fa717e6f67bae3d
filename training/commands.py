"""`quartet train`: the command line's way into a run."""

import argparse
import os
import shlex
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from app.commands.parsing import Subparsers, add_parser, add_task, open_fraction, positive_int
from app.errors import ConfigurationError
from app.exit_status import ExitStatus

# What these modules import takes seconds, and `--help` needs none of it.
if TYPE_CHECKING:
    from training.datasets.base import Dataset
    from training.recipes.base import Recipe
    from training.run import Run
    from training.summary import RunSummary
    from training.workers import Workers

DEFAULT_FRACTION = 0.15
PRINTED_FIGURES = ("accuracy", "macro_f1", "auc", "ece")

DESCRIPTION = """\
Train a task's model by a recipe and, with --export or --out, release it as the next version of its model folder.

The run folder holds the configuration (config.json), the history of each fitting stage (history.json), checkpoints
and, at the end, all figures with the time they took (summary.json, which `quartet compare` reads) and the validation
examples that were answered wrong with the most confidence (worst-errors.png or .md). After an interruption the same
command with --resume goes on from the last epoch.

With --distribute the command is started once on each of several machines, which train one model together: see
docs/distributed-training.md.
"""
EXAMPLES = (
    "quartet train digit --list",
    "quartet train digit --export",
    "quartet train pneumonia --data DATA/chest_xray --recipe reference-v3 --epochs 9",
    "quartet train catdog --data DATA/cats_dogs --limit 200 --run runs/trial",
    "quartet train topic --data DATA/reuters --out models --sign release.pem",
)
STATUSES = {ExitStatus.OK: "trained, and released if that was asked for"}


def add_train(subparsers: Subparsers) -> None:
    """Add the command to `quartet`."""
    parser = add_parser(
        subparsers,
        "train",
        summary="train a model and release it as the next version",
        description=DESCRIPTION,
        examples=EXAMPLES,
        statuses=STATUSES,
    )
    add_task(parser)
    parser.add_argument("--recipe", help="name of the recipe (default: the task's own, see --list)")
    parser.add_argument("--list", action="store_true", help="list the task's recipes and stop")
    parser.add_argument("--data", type=Path, help="the data set's file or folder (default: download, where possible)")
    release = parser.add_mutually_exclusive_group()
    release.add_argument("--out", type=Path, help="release the model under this folder")
    release.add_argument(
        "--export", action="store_const", const=Path("models"), dest="out", help="release it under ./models"
    )
    parser.add_argument("--sign", type=Path, metavar="KEY", help="sign the release with this Ed25519 private key file")
    parser.add_argument("--run", type=Path, help="run folder (default: runs/TASK/RECIPE-SEED)")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the run in the run folder; with --distribute, or start it there",
    )
    parser.add_argument("--seed", type=int, default=0, help="seeds the split, the weights and the order (default: 0)")
    parser.add_argument("--epochs", type=positive_int, help="at most so many epochs a stage, instead of the recipe's")
    parser.add_argument(
        "--validation-fraction",
        type=open_fraction,
        default=DEFAULT_FRACTION,
        help=f"share of the data held out (default: {DEFAULT_FRACTION})",
    )
    parser.add_argument("--limit", type=positive_int, help="use about so many examples only, for a trial")
    parser.add_argument("--weights", type=Path, help="pretrained weights, for a recipe that would download them")
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "gpu"),
        default="auto",
        help="what to compute on: auto (default) takes a GPU where TensorFlow sees one; gpu fails where it sees none",
    )
    parser.add_argument(
        "--distribute",
        nargs="?",
        const="",
        metavar="HOST:PORT,HOST:PORT,...",
        help="train on these workers, the chief first; without addresses: those of TF_CONFIG, or this machine's GPUs",
    )
    parser.add_argument("--worker", type=int, metavar="INDEX", help="which of --distribute's workers this is, from 0")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    parser.set_defaults(func=run_train)


def run_train(arguments: argparse.Namespace) -> int:
    """Run the command; 0 when trained, 2 when the data, the run folder or an option is not usable."""
    from training.datasets.base import DatasetError
    from training.export import ExportError
    from training.recipes.catalogue import find_recipe, training_of
    from training.run import RunError

    if arguments.sign and not arguments.out:
        print("quartet train: --sign signs a release: it needs --export or --out", file=sys.stderr)
        return 2
    try:
        if arguments.list:
            for recipe in training_of(arguments.task).recipes:
                print(f"{recipe.name:14} {recipe.summary}")
        else:
            _train(arguments, find_recipe(arguments.task, arguments.recipe))
    except (DatasetError, RunError, ExportError) as error:
        print(f"quartet train: {error}", file=sys.stderr)
    else:
        return 0
    return 2


def _train(arguments: argparse.Namespace, recipe: "Recipe") -> None:
    from training.device import use_device
    from training.recipes.base import Options
    from training.release import export
    from training.run import SUMMARY_FILE
    from training.signing import read_signing_key
    from training.stopwatch import Stopwatch
    from training.summary import summarise
    from training.train import library_versions, train

    device = use_device(arguments.device)
    workers = _gather(arguments, recipe)
    if workers and not workers.is_chief:
        _help(arguments, recipe, workers)
        return
    # A key that cannot be used is better told now than after hours of training.
    signing_key = read_signing_key(arguments.sign) if arguments.sign else None
    run = _open_run(arguments, recipe, workers)
    described = workers.describe(device) if workers else device
    with Stopwatch(run.folder, described, library_versions(), running=not run.ended) as watch:
        data = _load(arguments, recipe)
        print(
            f"{recipe.task}/{recipe.name}: {len(data.train):,} examples to train on, {len(data.validation):,} held out"
        )
        _agree(arguments, recipe, data, workers)
        calibrated = train(recipe, data, Options(arguments.seed, arguments.epochs, arguments.weights), run)
        command = _command(arguments, recipe.name)
        summary = summarise(recipe, data, calibrated, arguments.seed, command, watch.parts())
    run.write(SUMMARY_FILE, summary.model_dump(mode="json"))
    _print_figures(summary)
    if arguments.out is not None:
        target = export(recipe, data, calibrated, arguments.seed, arguments.out, command, signing_key)
        print(f"released {target}")


def _gather(arguments: argparse.Namespace, recipe: "Recipe") -> "Workers | None":
    """Return the workers that train together, once all are there; None for a run of one process."""
    if arguments.distribute is None:
        if arguments.worker is not None:
            raise ConfigurationError("--worker INDEX goes with --distribute HOST:PORT,HOST:PORT,...")
        return None
    from training.cluster import find_cluster
    from training.recipes.base import learns_in_epochs
    from training.workers import join, use_all_gpus

    if not learns_in_epochs(recipe):
        raise ConfigurationError(
            f"{recipe.task}/{recipe.name} has no epochs to share out: train it on one machine, without --distribute"
        )
    cluster = find_cluster(arguments.distribute, arguments.worker, os.environ)
    return join(cluster) if cluster else use_all_gpus()


def _help(arguments: argparse.Namespace, recipe: "Recipe", workers: "Workers") -> None:
    """Train as a worker that is not the chief: nothing of what it writes is kept."""
    import keras

    from training.recipes.base import Options
    from training.run import Run

    arguments.quiet = True
    data = _load(arguments, recipe)
    _agree(arguments, recipe, data, workers)
    keras.utils.set_random_seed(arguments.seed)
    with TemporaryDirectory(prefix="quartet-worker-") as folder:
        options = Options(arguments.seed, arguments.epochs, arguments.weights)
        recipe.fit(data, options, Run(Path(folder), quiet=True, workers=workers))
    print(f"{recipe.task}/{recipe.name} is trained; the chief, {workers.addresses[0]}, goes on to measure it")


def _agree(arguments: argparse.Namespace, recipe: "Recipe", data: "Dataset", workers: "Workers | None") -> None:
    """Make sure that all workers are about to do the same."""
    if workers is None:
        return
    from training.agreement import check_agreement
    from training.datasets.contents import content_digest
    from training.train import library_versions

    config = _config(arguments, recipe)
    # Paths may differ from machine to machine; what lies there may not.
    config["data"] = data.digest
    config["weights"] = content_digest(arguments.weights) if arguments.weights else None
    check_agreement(workers, {**config, "version of a library": library_versions()})


def _config(arguments: argparse.Namespace, recipe: "Recipe") -> dict[str, Any]:
    """Return all that decides the run's result. The device and the workers may change from part to part."""
    from training.recipes.base import settings_of

    return {
        "task": recipe.task,
        "recipe": settings_of(recipe),
        "data": str(arguments.data) if arguments.data else None,
        "seed": arguments.seed,
        "epochs": arguments.epochs,
        "limit": arguments.limit,
        "validation_fraction": arguments.validation_fraction,
        "weights": str(arguments.weights) if arguments.weights else None,
    }


def _open_run(arguments: argparse.Namespace, recipe: "Recipe", workers: "Workers | None") -> "Run":
    from training.run import CONFIG_FILE, open_run

    folder = arguments.run or Path("runs", recipe.task, f"{recipe.name}-{arguments.seed}")
    # Whatever starts workers again after one was lost starts them by the same command as at first.
    resume = arguments.resume and (workers is None or (folder / CONFIG_FILE).exists())
    return open_run(folder, _config(arguments, recipe), resume=resume, quiet=arguments.quiet, workers=workers)


def _load(arguments: argparse.Namespace, recipe: "Recipe") -> "Dataset":
    from training.datasets.loading import load_dataset

    data = load_dataset(
        recipe.task,
        arguments.data,
        recipe.spec,
        seed=arguments.seed,
        validation_fraction=arguments.validation_fraction,
        limit=arguments.limit,
        quiet=arguments.quiet,
    )
    for skip in data.skipped:
        print(f"skipped {skip.name}: {skip.reason}", file=sys.stderr)
    return data


def _print_figures(summary: "RunSummary") -> None:
    for part in summary.metrics:
        for name in PRINTED_FIGURES:
            if name in part.values:
                figure = part.values[name]
                print(f"{part.split}: {name} {figure.value:.4f} ({figure.low:.4f} to {figure.high:.4f})")


def _command(arguments: argparse.Namespace, recipe: str) -> str:
    """Return the command as anyone would repeat it: with the paths left to them."""
    words = ["quartet", "train", arguments.task, "--recipe", recipe, "--data", "PATH"]
    if arguments.out is not None:
        words.append("--export")
    words += ["--seed", str(arguments.seed)]
    options = (("epochs", None), ("limit", None), ("validation_fraction", DEFAULT_FRACTION), ("device", "auto"))
    for option, default in options:
        value = getattr(arguments, option)
        if value != default:
            words += [f"--{option.replace('_', '-')}", str(value)]
    if arguments.distribute is not None:
        words.append("--distribute")
    if arguments.weights is not None:
        words += ["--weights", "PATH"]
    return shlex.join(words)
