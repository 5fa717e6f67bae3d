"""`python -m benchmarks.speed`: measure and write `docs/benchmarks.md`. `--help` says how to measure less."""

import argparse
import platform
import signal
import sys
from datetime import date
from pathlib import Path

from app.cores import available_cores
from app.serving.versions import versions_in
from benchmarks.speed.contenders import CONTENDERS
from benchmarks.speed.parts import PARTS
from benchmarks.speed.plan import Plan
from benchmarks.speed.report import write_report
from benchmarks.speed.running import PROJECT

PAGE = PROJECT / "docs" / "benchmarks.md"
SCRATCH = PROJECT / ".bench"


def main() -> int:
    """Measure the parts asked for and write each into the page, where the others stay as they were measured."""
    options = _options()
    # As Ctrl-C does: the servers that run are ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    models = PROJECT / "models" / "pneumonia"
    plan = Plan(
        model=models / str(versions_in(models)[0]),
        environments=SCRATCH,
        contenders=tuple(options.contenders),
        concurrencies=tuple(options.concurrency),
        seconds=options.seconds,
        rounds=options.rounds,
        requests=options.requests,
    )
    for name in options.parts:
        result = PARTS[name](plan)
        if options.write:
            write_report(options.write, name, result, _circumstances())
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure how fast the service is, beside others.")
    names = [contender.name for contender in CONTENDERS]
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--contenders", nargs="+", choices=names, default=names)
    parser.add_argument("--concurrency", nargs="+", type=int, default=[1, 4, 16, 64], help="clients at the same time")
    parser.add_argument("--seconds", type=float, default=10, help="measured for each figure, after a warm-up")
    parser.add_argument("--rounds", type=int, default=3, help="of which the middle figure is taken")
    parser.add_argument("--requests", type=int, default=100_000, help="sent while memory is watched")
    parser.add_argument("--write", type=Path, default=PAGE, help="page whose figures are replaced")
    parser.add_argument("--no-write", dest="write", action="store_const", const=None, help="only print, keep nothing")
    return parser.parse_args()


def _circumstances() -> str:
    machine = f"{available_cores()} cores of {_processor()}, Python {platform.python_version()}"
    return f"Measured on {machine}, {date.today()}."


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    sys.exit(main())
