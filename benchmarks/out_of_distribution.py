"""How the models tell strangers from their own kind, asked over HTTP of a service started for it.

    python -m benchmarks.out_of_distribution --data DATA [--models DIR] [--out docs/out-of-distribution.md] [--limit N]

DATA holds chest_xray, chest_xray_native (pictures at their original size, if there are any), cats_dogs, mnist and
reuters, each a folder as `quartet train` takes it; what is missing is left out and said so. Writes a page with a table
for each model, and a plot beside it.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx

from app.schemas import TaskModels
from app.serving.manifest import Manifest
from app.tasks import TASKS
from benchmarks.asking import ask
from benchmarks.ood.own import original_sizes, own_sets, validation_of
from benchmarks.ood.page import page
from benchmarks.ood.plot import plot_scores
from benchmarks.ood.results import ModelResult, SetResult
from benchmarks.ood.sets import InputSet
from benchmarks.ood.sources import FOLDERS, ORIGINALS, find_sources
from benchmarks.ood.strange import OTHERS, strange_sets
from benchmarks.server import running_server
from benchmarks.strangers.photographs import shipped
from training.datasets.base import Source
from training.datasets.contents import dataset_digest

NO_LIMIT = 10**9
PATIENCE = 300.0
"""Seconds that one request may take on a busy machine."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask the service about every set and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the tasks' data sets")
    parser.add_argument("--models", type=Path, default=Path("models"), help="models folder (default: models)")
    parser.add_argument("--out", type=Path, default=Path("docs/out-of-distribution.md"), help="the page to write")
    parser.add_argument("--limit", type=int, default=NO_LIMIT, help="at most so many inputs of each set")
    options = parser.parse_args(arguments)
    if options.limit < 1:
        parser.error("--limit must be at least 1")
    if not options.data.is_dir():
        parser.error(f"--data: there is no folder {options.data}")
    sources = find_sources(options.data)
    with (
        running_server(options.models) as server,
        httpx.Client(base_url=server.address, timeout=PATIENCE) as client,
    ):
        results, notes = measure(client, options.data, sources, options.limit)
    if not results:
        sys.exit(f"no model serves: {'; '.join(notes)}")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    plot = options.out.with_suffix(".png")
    plot_scores(results, plot)
    pictures = shipped()
    cropped = len(pictures), sum(picture.mode == "RGB" for picture in pictures)
    options.out.write_text(page(results, notes, plot.name, _command(options.limit), cropped), encoding="utf-8")


def measure(
    client: httpx.Client, data: Path, sources: Mapping[str, Source], limit: int
) -> tuple[list[ModelResult], list[str]]:
    """Ask about every set of every task that has a model; return the results, and which tasks have none."""
    results, notes = [], []
    for task in TASKS:
        models = TaskModels.model_validate(client.get(f"/models/{task.name}").raise_for_status().json())
        serving = next((version for version in models.versions if version.manifest and version.sha256), None)
        if serving is None or serving.manifest is None or serving.sha256 is None:
            notes.append(f"{task.title}, {models.reason}")
            continue
        sets = tuple(_asked(client, task.name, one) for one in _sets(task.name, serving.manifest, data, sources, limit))
        told = tuple(_notes(task.name, serving.manifest, data, sources))
        results.append(ModelResult(task.title, serving.manifest, serving.sha256, sets, told))
    return results, notes


def _sets(task: str, manifest: Manifest, data: Path, sources: Mapping[str, Source], limit: int) -> Iterator[InputSet]:
    if task in sources:
        yield from own_sets(manifest, validation_of(manifest, sources[task]), limit)
    if task in ORIGINALS and (data / ORIGINALS[task]).is_dir():
        yield original_sizes(data / ORIGINALS[task], limit)
    yield from strange_sets(task, sources, limit)


def _notes(task: str, manifest: Manifest, data: Path, sources: Mapping[str, Source]) -> Iterator[str]:
    """Say what the figures of a model lack, or must be read with."""
    needed = dict.fromkeys((task, *(other for other, _ in OTHERS[task].values())))
    missing = [FOLDERS[other] for other in needed if other not in sources]
    if task in ORIGINALS and not (data / ORIGINALS[task]).is_dir():
        missing.append(ORIGINALS[task])
    if missing:
        yield f"Without the data of {', '.join(missing)}, the sets from there are left out."
    if task in sources and dataset_digest(sources[task].examples) != manifest.dataset.digest:
        yield (
            "The data is not what this model was trained on (its digest is another), so what is called validation "
            "here may have been trained on."
        )
    if task in ORIGINALS and (data / ORIGINALS[task]).is_dir():
        yield (
            "The pictures at their original size are originals of pictures in the data set, most of which the model "
            "was trained on; they show that large files are read alike."
        )


def _asked(client: httpx.Client, task: str, inputs: InputSet) -> SetResult:
    result = SetResult(inputs.title, inputs.kind, ask(client, task, inputs.payloads))
    wanted = "flagged" if inputs.kind == "stranger" else "accepted"
    print(f"{task}: {inputs.title}: {result.rightly} of {result.answers.count} {wanted}", file=sys.stderr, flush=True)
    return result


def _command(limit: int) -> str:
    limited = "" if limit == NO_LIMIT else f" --limit {limit}"
    return f"python -m benchmarks.out_of_distribution --data DATA{limited}"


if __name__ == "__main__":
    main()
