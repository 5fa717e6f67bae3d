"""`python -m benchmarks.speed`: measure and write `docs/benchmarks.md`. `--help` says how to measure less."""

import argparse
import json
import platform
import signal
import sys
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
    """Measure the parts asked for, keep their figures beside those measured before, and write the page."""
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
    file = SCRATCH / "results.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    results["machine"] = f"{available_cores()} cores of {_processor()}, Python {platform.python_version()}"
    for name in options.parts:
        results[name] = PARTS[name](plan)
        if options.write:
            SCRATCH.mkdir(exist_ok=True)
            file.write_text(json.dumps(results, indent=1))
    if options.write:
        write_report(options.write, results)
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


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    sys.exit(main())
