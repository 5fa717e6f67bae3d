"""What has come back reaches the disk on time, though nothing more comes for long."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow
import pytest

from app.scoring.columns import Layout, Row, layout_of
from app.scoring.distributed.blocks import ITEMS, answers_table
from app.scoring.distributed.plan import MIB, ClusterPlan
from app.scoring.distributed.run import ClusterRun
from app.scoring.done import Done
from app.scoring.failures import Failure
from app.scoring.items import Item
from app.serving.artifact import open_artifact
from app.tasks import task_named

PLAN = ClusterPlan(None, (1, 1), threads=1, readers=1, block=1, patience=15, store_bytes=MIB)


@dataclass
class Disk:
    """Results of which it is known when they were synced, and that may refuse it."""

    error: OSError | None = None
    done: Done = field(default_factory=Done)
    rows: list[Row] = field(default_factory=list)
    synced: threading.Event = field(default_factory=threading.Event)

    def write(self, rows: Sequence[Row]) -> None:
        self.rows.extend(rows)

    def sync(self) -> None:
        if self.rows:
            self.synced.set()
            if self.error:
                raise self.error

    def close(self) -> None: ...


@dataclass(frozen=True)
class TwoItems:
    def __iter__(self) -> Iterator[Item]:
        return iter([Item("0", bytes), Item("1", bytes)])

    def count(self) -> int:
        return 2


def score(monkeypatch: pytest.MonkeyPatch, models: Path, disk: Disk) -> None:
    """Run where the second answer comes only once the first is on the disk."""
    layout = layout_of(task_named("catdog"), open_artifact(models / "catdog" / "1"), None)

    def answers(*_: object) -> Iterator[pyarrow.Table]:
        yield answer(0, layout)
        assert disk.synced.wait(30), "nothing was synced"
        yield answer(1, layout)

    monkeypatch.setattr("app.scoring.distributed.run.connected", lambda *_: nullcontext())
    monkeypatch.setattr("app.scoring.distributed.run.SYNC_SECONDS", 0.01)
    monkeypatch.setattr(ClusterRun, "_answers", answers)
    ClusterRun(TwoItems(), disk, layout, PLAN, shipment=None).run(lambda _: None)


def answer(number: int, layout: Layout) -> pyarrow.Table:
    block = pyarrow.Table.from_pylist([{"number": number, "name": f"{number}", "read": b""}], ITEMS)
    return answers_table(block, [layout.row(f"{number}", Failure("broken", "cut off"))], layout)


def test_what_has_come_back_is_synced_while_the_rest_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, tiny_models: Path
) -> None:
    disk = Disk()
    score(monkeypatch, tiny_models, disk)
    assert [row[0] for row in disk.rows] == ["0", "1"]


def test_a_disk_that_takes_nothing_more_ends_the_run(monkeypatch: pytest.MonkeyPatch, tiny_models: Path) -> None:
    disk = Disk(OSError("No space left on device"))
    with pytest.raises(OSError, match="No space left"):
        score(monkeypatch, tiny_models, disk)
    assert [row[0] for row in disk.rows] == ["0"]
