"""One run on a Ray cluster: names go out in blocks, rows come back, and this process alone writes them.

Why here and not on the workers. Ray Data runs a block again when its worker's machine dies, so what a worker writes may
be written twice, or be half there; what comes back arrives once, whichever try gave it. With one writer the results are
the local run's: the same parts, put into place whole; the same lock; the same way to go on after a kill. A row is some
hundred bytes for a file of a megabyte.
"""

import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

import numpy as np
import pyarrow
import ray
from numpy.typing import NDArray
from ray.data import ActorPoolStrategy, DataContext, from_blocks
from ray.data.exceptions import ExecutionTimeoutError
from ray.exceptions import RayError

from app.errors import ConfigurationError
from app.scoring.arrow_rows import rows_of
from app.scoring.columns import Layout
from app.scoring.distributed.blocks import DEFECT, NUMBER, REFUSAL, cut, items_tables
from app.scoring.distributed.cluster import cluster_cpus, connected
from app.scoring.distributed.plan import ClusterPlan
from app.scoring.distributed.shipment import Shipment
from app.scoring.distributed.syncing import Syncing
from app.scoring.distributed.worker import Scorer
from app.scoring.failures import Failure
from app.scoring.items import Source
from app.scoring.progress import Show, counted
from app.scoring.results import Results
from app.scoring.run import SYNC_SECONDS
from app.scoring.tally import Fresh, Tally

TASKS_PER_WORKER = 2
"""Blocks that a worker has: one that it answers and one that lies ready."""


class WorkerDefectError(Exception):
    """A worker met an error of the program's own. `str(error)` is where, and its trace."""


class ClusterRun:
    """Scores on a cluster the items of a source that the results do not hold yet.

    Args:
        source: the items; what reads them can be pickled.
        results: where rows go, in the order in which blocks are answered.
        layout: of the results.
        plan: how the cluster is used.
        shipment: the model.
    """

    def __init__(self, source: Source, results: Results, layout: Layout, plan: ClusterPlan, shipment: Shipment) -> None:
        self._source = source
        self._results = results
        self._layout = layout
        self._plan = plan
        self._shipment = shipment
        self._tally = Tally()
        self._started = time.monotonic()

    def run(self, show: Show) -> Tally:
        """Score until all is answered, or a stop signal comes: what has come back by then is in the results.

        Raises:
            ConfigurationError: the source cannot be read, there is no such cluster, a worker cannot use the model, or
                Ray gave up; what came back before is in the results.
            OSError: the results cannot be written.
            WorkerDefectError: a worker met an error of the program's own.
        """
        tally = self._tally
        tables = list(items_tables(self._source, Fresh(self._results.done.names, tally)))
        tally.total = tally.skipped + sum(map(len, tables))
        if tables:
            with connected(self._plan.address, self._plan.store_bytes):
                self._score(tables, show)
        tally.seconds = time.monotonic() - self._started
        return tally

    def _score(self, tables: list[pyarrow.Table], show: Show) -> None:
        names = pyarrow.chunked_array([table["name"].chunk(0) for table in tables])
        is_missing = np.ones(len(names), bool)
        with Syncing(self._results, SYNC_SECONDS) as results, _Stopping() as stopping:
            try:
                for answers in stopping.outside(self._answers(tables, len(names))):
                    self._write(results, answers, is_missing)
                    self._tally.seconds = time.monotonic() - self._started
                    show(self._tally.standing())
            except _Stopped:
                self._tally.stopped = stopping.signal
                return
            except (RayError, ExecutionTimeoutError) as error:
                raise ConfigurationError(_gave_up(error, names, is_missing)) from error
        if is_missing.any():
            raise WorkerDefectError(f"{is_missing.sum():,} inputs came back without a row")

    def _answers(self, tables: list[pyarrow.Table], inputs: int) -> Iterator[pyarrow.Table]:
        least, most = self._worker_range()
        size = self._plan.block_size(inputs, most)
        blocks = -(-inputs // size)
        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_no_progress_timeout_s = self._plan.patience
        workers = ActorPoolStrategy(
            min_size=min(least, blocks), max_size=min(most, blocks), max_tasks_in_flight_per_actor=TASKS_PER_WORKER
        )
        dataset = from_blocks(list(cut(tables, size))).map_batches(
            Scorer,
            fn_constructor_args=(ray.put(self._shipment), self._layout),
            batch_size=None,
            batch_format="pyarrow",
            compute=workers,
            num_cpus=self._plan.threads,
        )
        # With a batch fetched ahead each would wait here for the next one.
        yield from dataset.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)

    def _worker_range(self) -> tuple[int, int]:
        total, largest = cluster_cpus()
        if self._plan.threads > largest:
            raise ConfigurationError(
                f"--ray-threads {self._plan.threads}: no machine of the cluster has so many CPUs; the largest has "
                f"{largest:g}"
            )
        return self._plan.worker_range(total)

    def _write(self, results: Syncing, answers: pyarrow.Table, is_missing: NDArray[np.bool_]) -> None:
        self._check(answers)
        numbers = answers[NUMBER].to_numpy()
        new = is_missing[numbers]
        if not new.all():
            answers = answers.filter(pyarrow.array(new))
        is_missing[numbers] = False
        results.write(list(rows_of(answers.drop_columns([NUMBER, REFUSAL, DEFECT]))))
        self._count(answers)

    def _check(self, answers: pyarrow.Table) -> None:
        for refusal in answers[REFUSAL].drop_null().to_pylist():
            raise ConfigurationError(refusal)
        for defect in answers[DEFECT].drop_null().to_pylist():
            raise WorkerDefectError(defect)

    def _count(self, answers: pyarrow.Table) -> None:
        failed = answers.filter(answers["error_type"].is_valid())
        self._tally.answered += len(answers) - len(failed)
        columns = (failed[name].to_pylist() for name in ("name", "error_type", "error"))
        for name, kind, detail in zip(*columns, strict=True):
            self._tally.failures.add(name, Failure(kind, detail))


class _Stopped(KeyboardInterrupt):
    """A stop signal came. Ray lets a `KeyboardInterrupt` through wherever it waits."""


class _Stopping:
    """Turns the first stop signal into `_Stopped`, but not while rows are written; a second one does what it did."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self._is_writing = False
        self._before: dict[int, signal._HANDLER] = {}

    def __enter__(self) -> "_Stopping":
        # Only the main thread may.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def outside(self, tables: Iterator[pyarrow.Table]) -> Iterator[pyarrow.Table]:
        """Yield what comes; whoever takes it is not stopped while at it."""
        for table in tables:
            self._is_writing = True
            yield table
            self._is_writing = False
            if self.signal is not None:
                raise _Stopped

    def _stop(self, number: int, _: FrameType | None) -> None:
        self.signal = number
        self._restore()
        if not self._is_writing:
            raise _Stopped

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}


def _gave_up(error: Exception, names: pyarrow.ChunkedArray, is_missing: NDArray[np.bool_]) -> str:
    reason = str(error).strip().partition("\n")[0].rstrip(".")
    first = names[int(is_missing.argmax())].as_py()
    return (
        f"Ray gave up with {counted(int(is_missing.sum()))} left, {first} first: {type(error).__name__}: {reason}. The "
        "same command goes on; if an input ends every process that reads it, --ray-block 1 leaves that one alone"
    )
