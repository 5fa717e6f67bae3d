"""`python -m benchmarks.scoring`: how near `quartet score` comes to the in-process limit, round by round.

The limit (`benchmarks.speed.limit`) answers one input that is in memory again and again, on a thread for each core.
`quartet score` answers as many files, each read from the disk's cache, and writes their rows.
"""

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.cores import available_cores
from benchmarks.speed.inputs import news_text, xray_jpeg
from benchmarks.speed.measuring import Figure

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Case:
    """One thing to score: the task, one input of it, and the source that holds it many times."""

    task: str
    payload: bytes
    source: Path


def main() -> int:
    """Measure and print a line for each round, then the middle ones."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="quartet-scoring-") as folder:
        case = _xrays(Path(folder), options.files) if options.task == "pneumonia" else _news(folder, options.files)
        limits: list[float] = []
        scores: list[float] = []
        for number in range(1, options.rounds + 1):
            limits.append(_limit(case, options.seconds))
            scores.append(_score(case, Path(folder, f"results-{number}{options.out}")))
            print(f"round {number}: {_line(limits[-1], scores[-1])}", flush=True)
        print(f"middle of {options.rounds}: {_line(statistics.median(limits), statistics.median(scores))}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoring", description=__doc__)
    parser.add_argument("--task", choices=("pneumonia", "topic"), default="pneumonia")
    parser.add_argument("--files", type=int, default=1_000, help="inputs that are scored (default: 1000)")
    parser.add_argument("--seconds", type=float, default=10, help="that the limit is measured for (default: 10)")
    parser.add_argument("--rounds", type=int, default=3, help="of which the middle is taken (default: 3)")
    parser.add_argument("--out", choices=(".csv", ".parquet"), default=".csv", help="kind of results (default: .csv)")
    return parser.parse_args()


def _xrays(folder: Path, count: int) -> Case:
    source = folder / "xrays"
    source.mkdir()
    payload = xray_jpeg()
    for number in range(count):
        (source / f"{number:06}.jpeg").write_bytes(payload)
    return Case("pneumonia", payload, source)


def _news(folder: str, count: int) -> Case:
    source = Path(folder, "news.csv")
    payload = news_text()
    with source.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text"])
        writer.writerows([payload.decode()] for _ in range(count))
    return Case("topic", payload, source)


def _limit(case: Case, seconds: float) -> float:
    file = case.source.parent / "input"
    file.write_bytes(case.payload)
    words = ["-m", "benchmarks.speed.limit", case.task, str(file), str(available_cores()), str(seconds)]
    return Figure(**json.loads(_output_of(words))).per_second


def _score(case: Case, out: Path) -> float:
    words = ["-m", "app.cli", "score", case.task, str(case.source), "--out", str(out), "--json", "--quiet"]
    return float(json.loads(_output_of(words))["per_second"])


def _output_of(words: Sequence[str]) -> str:
    return subprocess.run([sys.executable, *words], stdout=subprocess.PIPE, text=True, cwd=PROJECT, check=True).stdout


def _line(limit: float, score: float) -> str:
    return f"in-process limit {limit:,.1f}/s, quartet score {score:,.1f}/s, ratio {score / limit:.3f}"


if __name__ == "__main__":
    sys.exit(main())
