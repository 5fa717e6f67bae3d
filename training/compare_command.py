"""`quartet compare`: finished runs beside each other, and beside what the study reported."""

import argparse
import sys
from pathlib import Path

from app.commands.parsing import Subparsers, add_parser
from app.exit_status import ExitStatus

DESCRIPTION = """\
Write one Markdown document with a table for each task: every recipe there is, with its data, epochs, time,
parameters and validation figures from the given runs, and what the study reported of it. A recipe without a run is
listed as not trained. The document's links hold from a folder beside training/: docs/, say.
"""
EXAMPLES = (
    "quartet compare runs/*/*",
    "quartet compare runs/digit/conv-0 runs/digit/reference-0 --out docs/models.md",
)
STATUSES = {ExitStatus.OK: "written"}


def add_compare(subparsers: Subparsers) -> None:
    """Add the command to `quartet`."""
    parser = add_parser(
        subparsers,
        "compare",
        summary="put training runs into one table",
        description=DESCRIPTION,
        examples=EXAMPLES,
        statuses=STATUSES,
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folder of `quartet train`")
    parser.add_argument("--out", type=Path, help="the file to write: docs/models.md, say (default: print it)")
    parser.set_defaults(func=run_compare)


def run_compare(options: argparse.Namespace) -> int:
    """Run the command; 0 when written, 2 when a folder is not that of a finished run of a known recipe."""
    from training.recipes.catalogue import all_recipes
    from training.report.comparison import comparison
    from training.run import RunError
    from training.summary import read_summary

    try:
        document = comparison(all_recipes(), [read_summary(folder) for folder in options.runs])
    except RunError as error:
        print(f"quartet compare: {error}", file=sys.stderr)
        return 2
    if options.out is None:
        print(document, end="")
    else:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(document, encoding="utf-8")
    return 0
