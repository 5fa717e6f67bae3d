"""What a worker answers, and what it says if it cannot; how archives are cut for workers."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from app.scoring.arrow_rows import rows_of
from app.scoring.columns import Layout, layout_of
from app.scoring.distributed import worker
from app.scoring.distributed.blocks import DEFECT, NUMBER, REFUSAL, cut, items_of, items_tables
from app.scoring.distributed.plan import ClusterPlan
from app.scoring.distributed.shipment import Shipment, load, shipment_of
from app.scoring.distributed.worker import Scorer
from app.scoring.done import Names
from app.scoring.sources import FolderSource, Reading
from app.scoring.tally import Fresh, Tally
from app.serving.artifact import GOLDEN_FILE, open_artifact
from app.serving.errors import ArtifactError
from app.settings import Settings
from app.tasks import task_named
from helpers.pictures import png

PLAN = ClusterPlan(None, None, threads=2, readers=3, block=64, patience=60, store_bytes=0)


@pytest.fixture(autouse=True)
def _without_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker.ray, "get", lambda reference: reference)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, colour in (("a", (255, 0, 0)), ("b", (0, 0, 255)), ("d", (255, 0, 9))):
        (tmp_path / f"{name}.png").write_bytes(png("RGB", (20, 20), colour))
    (tmp_path / "c.png").write_bytes(b"no picture")
    return tmp_path


@pytest.fixture
def shipment(tiny_models: Path) -> Shipment:
    return shipment_of(open_artifact(tiny_models / "catdog" / "1"), Settings(), threads=2, readers=3)


@pytest.fixture
def layout(tiny_models: Path) -> Layout:
    return layout_of(task_named("catdog"), open_artifact(tiny_models / "catdog" / "1"), None)


def items(folder: Path, done: Sequence[str] = ()) -> tuple[pa.Table, Tally]:
    names, tally = Names(), Tally()
    for name in done:
        names.add(name)
    [table] = items_tables(FolderSource(folder, Reading(10_000)), Fresh(names, tally))
    return table, tally


def test_a_block_is_answered_in_the_order_of_its_items(shipment: Shipment, layout: Layout, folder: Path) -> None:
    table, _ = items(folder)
    answers = Scorer(shipment, layout)(table)
    assert answers[NUMBER].to_pylist() == [0, 1, 2, 3]
    assert answers["name"].to_pylist() == [f"{folder}/{name}.png" for name in "abcd"]
    assert answers["label"].to_pylist() == ["cat", "dog", None, "cat"]
    assert answers["error_type"].to_pylist()[2] == "unsupported-media"
    assert answers[REFUSAL].null_count == answers[DEFECT].null_count == 4
    first = next(rows_of(answers.drop_columns([NUMBER, REFUSAL, DEFECT])))
    prediction = load(shipment).predict([(folder / "a.png").read_bytes()])[0]
    assert first == tuple(layout.row(f"{folder}/a.png", prediction))


def test_a_model_that_was_changed_on_its_way_is_refused(shipment: Shipment, layout: Layout, folder: Path) -> None:
    files = {**shipment.files, GOLDEN_FILE: shipment.files[GOLDEN_FILE] + b"x"}
    with pytest.raises(ArtifactError, match="its sha256 is not the one in the manifest"):
        load(replace(shipment, files=files))
    answers = Scorer(replace(shipment, files=files), layout)(items(folder)[0])
    [refusal] = answers[REFUSAL].to_pylist()
    assert refusal.endswith(f"cannot use the model: {GOLDEN_FILE}: its sha256 is not the one in the manifest")


def test_an_error_of_the_program_comes_back_with_its_trace(shipment: Shipment, layout: Layout, folder: Path) -> None:
    [defect] = Scorer(replace(shipment, threshold="high"), replace(layout, labels=()))(items(folder)[0])[
        DEFECT
    ].to_pylist()
    assert "Traceback (most recent call last)" in defect


def test_a_folder_of_the_settings_is_not_needed_where_the_model_was_sent(shipment: Shipment, tmp_path: Path) -> None:
    elsewhere = shipment.settings.model_copy(update={"models_dir": tmp_path / "none"})
    assert load(replace(shipment, settings=elsewhere)).engine.name == "openvino"


def test_what_is_done_or_named_twice_is_not_sent(folder: Path) -> None:
    table, tally = items(folder, done=[f"{folder}/b.png"])
    assert table["name"].to_pylist() == [f"{folder}/{name}.png" for name in "acd"]
    assert (tally.skipped, tally.repeated) == (1, 0)
    assert [item.read() for item in items_of(table)] == [(folder / f"{name}.png").read_bytes() for name in "acd"]


def test_blocks_hold_each_item_once_and_none_of_the_others(folder: Path) -> None:
    tables = [items(folder)[0]]
    blocks = list(cut(tables, 3))
    assert not tables
    assert [block[NUMBER].to_pylist() for block in blocks] == [[0, 1, 2], [3]]
    assert blocks[1].get_total_buffer_size() < blocks[0].get_total_buffer_size()


@pytest.mark.parametrize(
    ("inputs", "workers", "size"), [(1_000_000, 10, 64), (1000, 10, 25), (41, 10, 2), (3, 10, 1), (1, 1, 1)]
)
def test_each_worker_gets_several_blocks_while_there_are_inputs_enough(inputs: int, workers: int, size: int) -> None:
    assert PLAN.block_size(inputs, workers) == size


def test_workers_times_threads_are_the_clusters_cpus_unless_set() -> None:
    assert PLAN.worker_range(16) == (8, 8)
    assert PLAN.worker_range(1) == (1, 1)
    assert replace(PLAN, workers=(2, 9)).worker_range(16) == (2, 9)
