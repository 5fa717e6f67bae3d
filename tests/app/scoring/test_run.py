"""A run: in order, within bounds, and past whatever is wrong with an input, the model or the source."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from app.errors import ConfigurationError
from app.inputs.errors import BrokenInputError
from app.inputs.limits import InputLimits
from app.scoring.columns import Row, layout_of
from app.scoring.done import Done
from app.scoring.items import Item, ItemError
from app.scoring.progress import Standing
from app.scoring.run import WINDOW, Plan, Run
from app.scoring.tally import Tally
from app.serving.engine import Batch, Outputs, Scheduling
from app.serving.model import LoadedModel, load_model
from app.serving.openvino_engine import OpenVinoEngine
from app.serving.scheduling.batcher import BatchPolicy
from app.serving.tensorflow_engine import TensorFlowEngine
from app.tasks import task_named
from helpers.pictures import png
from helpers.tiny_models import topic_of

PLAN = Plan(workers=2, readers=3, batch=BatchPolicy(4, 0))
RED, BLUE = png("RGB", (20, 20), (255, 0, 0)), png("RGB", (20, 20), (0, 0, 255))


@dataclass
class Items:
    """A source of items made as they are asked for; `broken_at` is where it cannot be read any further."""

    count_: int
    read: Callable[[int], bytes | str]
    broken_at: int | None = None

    def __iter__(self) -> Iterator[Item]:
        for number in range(self.count_):
            if number == self.broken_at:
                raise ConfigurationError("the list is damaged")
            yield Item(f"{number}", lambda number=number: self.read(number))

    def count(self) -> int:
        return self.count_


@dataclass
class Kept:
    """Results in memory. `room`: rows that there is space for."""

    room: int = 1_000_000
    done: Done = field(default_factory=Done)
    rows: list[Row] = field(default_factory=list)
    synced: int = 0

    def write(self, rows: Sequence[Row]) -> None:
        if len(self.rows) + len(rows) > self.room:
            raise OSError(28, "No space left on device")
        self.rows.extend(rows)

    def sync(self) -> None:
        self.synced += 1

    def close(self) -> None: ...

    @property
    def labels(self) -> list[tuple[object, object]]:
        return [(row[0], row[1]) for row in self.rows]


@pytest.fixture(scope="module")
def catdog(tiny_models: Path) -> LoadedModel:
    return load_model(tiny_models / "catdog" / "1", lambda folder: OpenVinoEngine(folder, 2), InputLimits())


@pytest.fixture(scope="module")
def topic(tiny_models: Path) -> LoadedModel:
    return load_model(tiny_models / "topic" / "1", TensorFlowEngine, InputLimits())


def score(
    model: LoadedModel, items: Items, kept: Kept, plan: Plan = PLAN, show: Callable[[Standing], None] = print
) -> Tally:
    layout = layout_of(task_named(model.artifact.manifest.task), model.artifact, None)

    async def run() -> Tally:
        return await Run(model, items, kept, layout, plan).run(show)

    return asyncio.run(run())


def test_rows_come_in_the_order_of_the_items(catdog: LoadedModel) -> None:
    kept = Kept()
    tally = score(catdog, Items(50, lambda number: (RED, BLUE)[number % 2]), kept)
    assert kept.labels == [(f"{number}", ("cat", "dog")[number % 2]) for number in range(50)]
    assert (tally.answered, tally.scored, tally.failures.count, tally.stopped) == (50, 50, 0, None)


def test_texts_are_answered_in_groups_and_in_order(topic: LoadedModel) -> None:
    kept = Kept()
    score(topic, Items(100, lambda number: "x" * (number + 1)), kept)
    assert kept.labels == [(f"{number}", topic_of("x" * (number + 1))) for number in range(100)]


def test_an_engine_that_likes_batches_is_given_them(topic: LoadedModel) -> None:
    engine = _Watched(topic, in_batches=True)
    score(replace(topic, engine=engine), Items(200, lambda _: "oil"), Kept())
    assert max(engine.sizes) == PLAN.batch.max_size


def test_whatever_an_item_raises_is_its_row_and_the_others_are_answered(catdog: LoadedModel) -> None:
    errors = [
        FileNotFoundError(2, "No such file or directory"),
        ItemError("the archive has no such study"),
        BrokenInputError("The picture is cut short."),
        ValueError("embedded null byte"),
        MemoryError(),
    ]

    def read(number: int) -> bytes:
        if number < len(errors):
            raise errors[number]
        return b"no picture" if number == len(errors) else RED

    kept = Kept()
    tally = score(catdog, Items(10, read), kept)
    layout = layout_of(task_named("catdog"), catdog.artifact, None)
    names = [column.name for column in layout.columns]
    found = [(row[names.index("error_type")], row[names.index("error")]) for row in kept.rows[:6]]
    assert found[:5] == [
        ("unreadable", "No such file or directory"),
        ("unreadable", "the archive has no such study"),
        ("broken-input", "The picture is cut short."),
        ("unreadable", "ValueError: embedded null byte"),
        ("unreadable", "MemoryError: "),
    ]
    assert found[5][0] == "unsupported-media"
    assert [row[1] for row in kept.rows[6:]] == ["cat"] * 4
    assert (tally.answered, tally.failures.count, len(tally.failures.first)) == (4, 6, 5)


def test_an_engine_that_fails_with_one_text_of_a_group_answers_the_others(topic: LoadedModel) -> None:
    kept = Kept()
    engine = _Watched(topic, fails_with="poison")
    score(replace(topic, engine=engine), Items(40, lambda number: "poison" if number == 17 else "oil"), kept)
    assert [number for number, row in enumerate(kept.rows) if row[1] is None] == [17]
    assert "internal-error" in kept.rows[17]
    assert "FloatingPointError: not finite" in kept.rows[17]


def test_what_is_done_is_skipped_and_what_is_named_twice_answered_once(catdog: LoadedModel) -> None:
    kept = Kept()
    kept.done.names.add("3")
    items = Items(5, lambda _: RED)
    twice = Items(5, lambda _: RED)
    twice.__class__ = type("Twice", (Items,), {"__iter__": lambda self: (item for _ in "ab" for item in items)})
    tally = score(catdog, twice, kept)
    assert [row[0] for row in kept.rows] == ["0", "1", "2", "4"]
    assert (tally.skipped, tally.repeated) == (2, 4)


def test_a_name_that_no_table_can_hold_is_escaped(catdog: LoadedModel) -> None:
    class Odd:
        def __iter__(self) -> Iterator[Item]:
            yield Item("a\n\udcff", lambda: RED)

        def count(self) -> None: ...

    kept = Kept()
    score(catdog, Odd(), kept)
    assert kept.rows[0][0] == r"a\n\udcff"


def test_no_more_is_read_ahead_than_there_are_lanes(catdog: LoadedModel) -> None:
    """One slow item at the front: what follows it is answered up to the window, and its contents let go."""
    slow, lock = threading.Event(), threading.Lock()
    most = WINDOW + PLAN.lanes(in_batches=False) - 1
    begun = seen = 0

    def read(number: int) -> bytes:
        nonlocal begun, seen
        with lock:
            begun += 1
            if begun == most:
                slow.set()
        if number == 0:
            assert slow.wait(30)
            seen = begun
        return RED

    kept = Kept()
    score(catdog, Items(2 * WINDOW, read), kept)
    assert seen == most
    assert kept.labels == [(f"{number}", "cat") for number in range(2 * WINDOW)]


def test_a_source_that_breaks_off_ends_the_run_after_what_came_before(catdog: LoadedModel) -> None:
    kept = Kept()
    with pytest.raises(ConfigurationError, match="the list is damaged"):
        score(catdog, Items(100, lambda _: RED, broken_at=20), kept)
    assert [row[0] for row in kept.rows] == [f"{number}" for number in range(20)]


def test_results_that_cannot_be_written_end_the_run(catdog: LoadedModel) -> None:
    kept = Kept(room=10)
    with pytest.raises(OSError, match="No space left on device"):
        score(catdog, Items(100_000, lambda _: RED), kept)
    assert [row[0] for row in kept.rows] == [f"{number}" for number in range(10)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_lets_what_was_begun_be_finished_and_nothing_be_begun(
    catdog: LoadedModel, number: signal.Signals
) -> None:
    def read(index: int) -> bytes:
        if index == 30:
            os.kill(os.getpid(), number)
        return RED

    kept = Kept()
    tally = score(catdog, Items(1_000_000, read), kept)
    assert tally.stopped == number
    assert 30 < len(kept.rows) < 1_000_000
    assert [row[0] for row in kept.rows] == [f"{index}" for index in range(len(kept.rows))]


def test_how_far_it_is_is_shown_and_synced_while_it_runs(catdog: LoadedModel) -> None:
    shown: list[Standing] = []
    go = threading.Event()

    def show(standing: Standing) -> None:
        shown.append(standing)
        go.set()

    def read(number: int) -> bytes:
        assert number < 10 or go.wait(30)
        return RED

    kept = Kept()
    score(catdog, Items(20, read), kept, show=show)
    assert shown[0].total == 20
    assert 0 < shown[0].done <= 10
    assert kept.synced >= 1


class _Watched:
    """An engine that notes its batches, and fails with a batch that has one text."""

    name = "watched"
    explain = None

    def __init__(self, model: LoadedModel, *, in_batches: bool = False, fails_with: str | None = None) -> None:
        self._engine = model.engine
        self._fails_with = fails_with
        self.scheduling = Scheduling(in_batches=in_batches)
        self.sizes: list[int] = []

    def run(self, batch: Batch) -> Outputs:
        self.sizes.append(len(batch))
        if self._fails_with in batch.tolist():
            raise FloatingPointError("not finite")
        return self._engine.run(batch)
