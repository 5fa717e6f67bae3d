"""`quartet score`: answer for any number of files or texts, here or on a cluster, into a table."""

import argparse
import asyncio
import json
import sys
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

from app.commands.archives import add_archive_options, archive_of
from app.commands.cluster import add_cluster_options, cluster_plan_of
from app.commands.parsing import Subparsers, add_model_options, add_parser, add_task, add_threshold, positive_int
from app.commands.using import model_for, settings_with, task_with
from app.errors import ConfigurationError
from app.exit_status import ExitStatus
from app.scoring.columns import Layout, layout_of
from app.scoring.distributed.plan import ClusterPlan
from app.scoring.distributed.shipment import shipment_of
from app.scoring.done import Failures
from app.scoring.items import Source
from app.scoring.progress import Show, counted, duration, rate, shown
from app.scoring.results import Results, open_results
from app.scoring.run import Plan, Run
from app.scoring.sources import JoinedSource, Reading, source_of
from app.scoring.tally import Tally
from app.serving.model import LoadedModel
from app.settings import Settings

DESCRIPTION = """\
Answer for every file of folders, or for every row of tables, and write one row for each into a CSV or Parquet table:
label, probabilities, whether the input is one that the model should be asked about, and which model answered. The
numbers are those that a server's /predict gives.

A SOURCE is a folder (with all that lies under it, hidden files left out), a table (.csv, .tsv or .parquet with a
column `path`, relative to the table, or for topics `text`), any other file, the address of a folder or file elsewhere
(s3://BUCKET/FOLDER), or - for a list of paths on standard input.
With --dicomweb the radiographs of a server are scored, besides or instead.

An input without an answer gets a row that says why, and the run goes on. A run that was stopped or killed is continued
by the same command: what is in the table is not answered again, and a row that was cut off is mended. An input that is
named twice is answered once. A table of another model version or threshold is refused rather than mixed.
"""
EXAMPLES = (
    "quartet score pneumonia xrays/ --out results.csv",
    "quartet score pneumonia xrays/ --out results.parquet --threshold 0.5",
    "quartet score topic news.parquet --column body --name-column id --out topics.parquet",
    "quartet score digit scans/ --include '*.png' --include '*.tif' --out digits.csv",
    "quartet score pneumonia --dicomweb https://pacs.example/dicom-web --out archive.parquet",
    "quartet score pneumonia s3://bucket/xrays/ --out results.parquet --engine ray --ray-address auto",
    "find photos -name '*.jpg' -print0 | quartet score catdog - --out pets.csv --json",
)
STATUSES = {
    ExitStatus.OK: "every input in the table has an answer",
    ExitStatus.FAILED: "some inputs in the table have no answer; its columns error_type and error say why",
    ExitStatus.INTERRUPTED: "interrupted; what was begun is in the table, and the same command goes on",
    ExitStatus.TERMINATED: "the same, by SIGTERM",
}
MIN_READERS = 4


def add_command(subparsers: Subparsers) -> None:
    """Add the subcommand."""
    parser = add_parser(
        subparsers,
        "score",
        summary="answer for folders and tables of inputs, into a CSV or Parquet table",
        description=DESCRIPTION,
        examples=EXAMPLES,
        statuses=STATUSES,
    )
    add_task(parser)
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="a folder, a table, a file, or - (see above)")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="TABLE",
        help="results: NAME.csv, or NAME.parquet, which is a folder of parts that pandas and pyarrow read as one table",
    )
    parser.add_argument(
        "--column",
        help="column of a table that holds the paths or, for topics, the texts (default: path; for topics text, if "
        "there is one). Of topics a column called path holds paths, any other texts",
    )
    parser.add_argument(
        "--name-column",
        metavar="COLUMN",
        help="column that names a table's rows in the results (default: the path; for texts TABLE:ROW)",
    )
    parser.add_argument(
        "--include",
        action="append",
        default=[],
        metavar="PATTERN",
        help="take only such files of a folder, '*.png' say; may be given several times (default: all)",
    )
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument("--restart", action="store_true", help="replace the results that are there")
    begin.add_argument("--retry-failed", action="store_true", help="try the inputs without an answer again")
    add_threshold(parser)
    add_model_options(parser)
    parser.add_argument(
        "--readers",
        type=positive_int,
        metavar="N",
        help=f"files read at a time, ahead of the model; more for slow network drives (default: the cores, at least "
        f"{MIN_READERS})",
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    add_archive_options(parser)
    add_cluster_options(parser)
    parser.set_defaults(func=score)


def score(options: argparse.Namespace) -> int:
    """Score all inputs."""
    settings = settings_with(models_dir=options.models)
    task = task_with(options.task, options.threshold)
    reading = Reading(
        settings.max_body_bytes, tuple(options.include), options.out.absolute(), options.column, options.name_column
    )
    cluster = cluster_plan_of(options, _readers(options, options.ray_threads or 1), task.kind)
    with archive_of(options, settings.max_body_bytes) as archive:
        if not options.sources and archive is None:
            raise ConfigurationError("name a SOURCE to score, or a server with --dicomweb")
        named = source_of(options.sources, task.kind, reading, lambda: cast(BufferedReader, sys.stdin.buffer).raw)
        source = named if archive is None else JoinedSource([named, archive])
        model = model_for(settings, task.name, options.version)
        layout = layout_of(task, model.artifact, options.threshold)
        results = open_results(options.out, layout, restart=options.restart, retry_failed=options.retry_failed)
        try:
            with shown(quiet=options.quiet) as show:
                if cluster is None:
                    run = Run(model, source, results, layout, _plan(settings, options), options.threshold)
                    tally = asyncio.run(run.run(show))
                else:
                    tally = _run_on(cluster, model, source, results, layout, settings, options.threshold, show)
        finally:
            results.close()
    failures = _all_failures(results.done.failures, tally.failures)
    _report(options.out, layout, tally, failures, as_json=options.json)
    if tally.stopped is not None:
        return 128 + tally.stopped
    return ExitStatus.FAILED if failures.count else ExitStatus.OK


def _plan(settings: Settings, options: argparse.Namespace) -> Plan:
    return Plan(settings.workers, _readers(options, settings.workers), settings.scheduling_policy.batch)


def _readers(options: argparse.Namespace, workers: int) -> int:
    return int(options.readers or max(MIN_READERS, workers))


def _run_on(
    cluster: ClusterPlan,
    model: LoadedModel,
    source: Source,
    results: Results,
    layout: Layout,
    settings: Settings,
    threshold: float | None,
    show: Show,
) -> Tally:
    try:
        from app.scoring.distributed.run import ClusterRun
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"--engine ray: {error}. Install it with: pip install 'quartet[scale]'") from error
    shipment = shipment_of(model.artifact, settings, cluster.threads, cluster.readers, threshold)
    return ClusterRun(source, results, layout, cluster, shipment).run(show)


def _all_failures(before: Failures, now: Failures) -> Failures:
    failures = Failures()
    for name, failure in (*before.first, *now.first):
        failures.add(name, failure)
    failures.count = before.count + now.count
    return failures


def _report(out: Path, layout: Layout, tally: Tally, failures: Failures, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_summary(out, layout, tally, failures), ensure_ascii=False))
    else:
        print(_sentence(out, tally))
    if failures.count:
        print(f"{counted(failures.count)} without an answer:", file=sys.stderr)
        for name, failure in failures.first:
            print(f"  {name}: {failure.detail}", file=sys.stderr)
        if failures.count > len(failures.first):
            print(f"  ... all are in {out}: the rows with an error_type", file=sys.stderr)
    if not tally.scored + tally.skipped:
        print("quartet score: the sources hold no inputs", file=sys.stderr)
    if tally.stopped is not None:
        print("quartet score: stopped; the same command goes on from here", file=sys.stderr)


def _summary(out: Path, layout: Layout, tally: Tally, failures: Failures) -> dict[str, Any]:
    """`failed` counts all in the table without an answer, the other numbers are of this run."""
    identity = layout.identity
    return {
        "task": identity.task,
        "model": {"version": identity.version, "sha256": identity.sha256},
        "out": str(out),
        "scored": tally.scored,
        "skipped": tally.skipped,
        "repeated": tally.repeated,
        "failed": failures.count,
        "seconds": round(tally.seconds, 3),
        "per_second": round(tally.standing().per_second, 3),
        "complete": tally.stopped is None,
    }


def _sentence(out: Path, tally: Tally) -> str:
    per_second = rate(tally.standing().per_second)
    parts = [f"{out}: {counted(tally.scored)} scored in {duration(tally.seconds)} ({per_second})"]
    if tally.skipped:
        parts.append(f"{tally.skipped:,} were there already")
    if tally.repeated:
        parts.append(f"{tally.repeated:,} named twice")
    return ", ".join(parts)
