"""What every part of the measurements is told."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plan:
    """How long and how often is measured, on which model; `requests` is how many the memory part sends."""

    model: Path
    environments: Path
    contenders: tuple[str, ...]
    concurrencies: tuple[int, ...]
    seconds: float
    rounds: int
    requests: int
