"""A run on a cluster of this machine, and what ends it. Each starts Ray."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from app.errors import ConfigurationError
from app.scoring.columns import Row, layout_of
from app.scoring.distributed.plan import MIB, ClusterPlan
from app.scoring.distributed.shipment import Shipment, shipment_of
from app.scoring.done import Done
from app.scoring.items import Item
from app.serving.artifact import GOLDEN_FILE, open_artifact
from app.settings import Settings
from app.tasks import task_named
from helpers.pictures import png

# Ray leaves sockets open.
pytestmark = [
    pytest.mark.soak,
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

PLAN = ClusterPlan(None, (1, 1), threads=1, readers=2, block=1, patience=15, store_bytes=100 * MIB)


@dataclass
class Kept:
    """Results in memory."""

    done: Done = field(default_factory=Done)
    rows: list[Row] = field(default_factory=list)

    def write(self, rows: Sequence[Row]) -> None:
        self.rows.extend(rows)

    def sync(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Items:
    """A source of a few items."""

    reads: Sequence[Callable[[], bytes]]

    def __iter__(self) -> Iterator[Item]:
        return (Item(f"{number}", read) for number, read in enumerate(self.reads))

    def count(self) -> int:
        return len(self.reads)


@pytest.fixture
def shipment(tiny_models: Path) -> Shipment:
    return shipment_of(open_artifact(tiny_models / "catdog" / "1"), Settings(), threads=1, readers=2)


def score(tiny_models: Path, shipment: Shipment, reads: Sequence[Callable[[], bytes]], kept: Kept) -> None:
    from app.scoring.distributed.run import ClusterRun

    layout = layout_of(task_named("catdog"), open_artifact(tiny_models / "catdog" / "1"), None)
    ClusterRun(Items(reads), kept, layout, PLAN, shipment).run(lambda _: None)


def red(tmp_path: Path) -> Callable[[], bytes]:
    (tmp_path / "red.png").write_bytes(png("RGB", (20, 20), (255, 0, 0)))
    return partial(Path.read_bytes, tmp_path / "red.png")


def test_an_input_that_ends_each_process_that_reads_it_keeps_no_other_from_an_answer(
    tiny_models: Path, shipment: Shipment, tmp_path: Path
) -> None:
    reads = [red(tmp_path)] * 12
    reads[5] = partial(os._exit, 1)
    kept = Kept()
    with pytest.raises(ConfigurationError, match="Ray gave up with 1 input left, 5 first: ExecutionTimeoutError"):
        score(tiny_models, shipment, reads, kept)
    assert sorted(row[0] for row in kept.rows) == sorted(str(number) for number in range(12) if number != 5)


def test_a_worker_that_must_not_use_the_model_ends_the_run_with_the_reason(
    tiny_models: Path, shipment: Shipment, tmp_path: Path
) -> None:
    files = {**shipment.files, GOLDEN_FILE: shipment.files[GOLDEN_FILE] + b"x"}
    with pytest.raises(ConfigurationError, match=f"cannot use the model: {GOLDEN_FILE}: its sha256 is not the one"):
        score(tiny_models, replace(shipment, files=files), [red(tmp_path)], Kept())


def test_an_error_of_the_program_on_a_worker_ends_the_run_with_its_trace(
    tiny_models: Path, shipment: Shipment, tmp_path: Path
) -> None:
    from app.scoring.distributed.run import WorkerDefectError

    with pytest.raises(WorkerDefectError, match="Traceback"):
        score(tiny_models, replace(shipment, readers=None), [red(tmp_path)], Kept())
