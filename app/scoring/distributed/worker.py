"""What runs on a cluster's machines: one process that has loaded the model and answers block after block."""

import asyncio
import os
import socket
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow
import ray

from app.scoring.columns import Layout, Row, layout_of
from app.scoring.distributed.blocks import answers_table, items_of, refusal_table
from app.scoring.distributed.shipment import Shipment, load
from app.scoring.done import Done
from app.scoring.items import Item
from app.scoring.run import Plan, Run
from app.serving.errors import ArtifactError
from app.tasks import task_named


class Scorer:
    """A worker, as Ray Data's `map_batches` makes one: loads the model once, and is then called with each block.

    It raises nothing, for which Ray would print pages and try again: what went wrong comes back as an answer.

    Args:
        shipment: in the object store, a `Shipment`.
        layout: of the results.
    """

    def __init__(self, shipment: "ray.ObjectRef[Shipment]", layout: Layout) -> None:
        self._layout = layout
        self._refusal: str | None = None
        self._defect: str | None = None
        try:
            self._shipment = ray.get(shipment)
            # Pillow warns of odd metadata in other words for each file.
            warnings.filterwarnings("ignore", module="PIL")
            self._model = load(self._shipment)
        except ArtifactError as error:
            self._refusal = f"{_here()} cannot use the model: {error}"
        except Exception:
            self._defect = f"on {_here()}:\n{traceback.format_exc()}"

    def __call__(self, block: pyarrow.Table) -> pyarrow.Table:
        """Answer a block's items, in their order."""
        if self._refusal or self._defect:
            return refusal_table(block, self._layout, refusal=self._refusal, defect=self._defect)
        try:
            return answers_table(block, self._rows(items_of(block)), self._layout)
        except Exception:
            defect = f"on {_here()}:\n{traceback.format_exc()}"
            return refusal_table(block, self._layout, defect=defect)

    def _rows(self, items: Sequence[Item]) -> Sequence[Row]:
        shipment = self._shipment
        settings = shipment.settings
        plan = Plan(settings.workers, shipment.readers, settings.scheduling_policy.batch)
        rows = _Rows()
        layout = layout_of(task_named(shipment.task), self._model.artifact, shipment.threshold)
        run = Run(self._model, _Listed(items), rows, layout, plan, shipment.threshold)
        asyncio.run(run.run(lambda _: None, heeds_signals=False))
        return rows.rows


@dataclass(frozen=True)
class _Listed:
    """Items that are all there."""

    items: Sequence[Item]

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def count(self) -> int:
        return len(self.items)


@dataclass
class _Rows:
    """Results in memory."""

    done: Done = field(default_factory=Done)
    rows: list[Row] = field(default_factory=list)

    def write(self, rows: Sequence[Row]) -> None:
        self.rows.extend(rows)

    def sync(self) -> None: ...

    def close(self) -> None: ...


def _here() -> str:
    return f"{socket.gethostname()}, process {os.getpid()}"
