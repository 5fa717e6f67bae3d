"""Results as a folder of Parquet files: typed, whole part by part, and read as one table."""

import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from app.errors import ConfigurationError
from app.scoring.columns import Identity, Layout
from app.scoring.failures import Failure
from app.scoring.parquet_results import PART_ROWS, PART_SECONDS, ParquetResults
from app.serving.model import Prediction

LAYOUT = Layout(Identity("digit", 1, "a" * 64, None), ("0", "1"), decides=False)
ANSWER = Prediction("1", 0.75, {"0": 0.25, "1": 0.75}, 0.125, True)
BAD = Failure("broken-input", "cut short")


def write(folder: Path, names: list[str], layout: Layout = LAYOUT, **options: bool) -> ParquetResults:
    results = ParquetResults(folder, layout, **options)
    results.write([layout.row(name, BAD if name == "bad" else ANSWER) for name in names])
    results.close()
    return results


def test_a_table_is_typed_and_read_by_one_call(tmp_path: Path) -> None:
    folder = tmp_path / "r.parquet"
    write(folder, ["a", "bad"])
    write(folder, ["b"])
    table = parquet.read_table(folder)
    assert {field.name: str(field.type) for field in table.schema} == {
        "name": "string",
        "label": "string",
        "probability": "double",
        "probability_0": "double",
        "probability_1": "double",
        "in_distribution": "bool",
        "ood_score": "double",
        "error_type": "string",
        "error": "string",
        "task": "string",
        "model_version": "int64",
        "model_sha256": "string",
    }
    assert table["label"].to_pylist() == ["1", None, "1"]
    frame = pd.read_parquet(folder)
    assert list(frame["name"]) == ["a", "bad", "b"]
    assert list(frame["error"].notna()) == [False, True, False]


def test_a_part_is_written_when_it_is_full_or_old_and_not_before(tmp_path: Path) -> None:
    now = 0.0
    folder = tmp_path / "r.parquet"
    results = ParquetResults(folder, LAYOUT, clock=lambda: now)
    results.write([LAYOUT.row("a", ANSWER)])
    now = PART_SECONDS - 1
    results.sync()
    assert not list(folder.iterdir())
    now = PART_SECONDS
    results.sync()
    assert [path.name for path in folder.iterdir()] == ["part-00000.parquet"]
    results.write([LAYOUT.row(f"{number}", ANSWER) for number in range(PART_ROWS)])
    assert parquet.read_table(folder).num_rows == PART_ROWS + 1
    results.close()
    assert len(list(folder.iterdir())) == 2


def test_what_a_killed_writer_left_is_removed_and_never_read(tmp_path: Path) -> None:
    folder = tmp_path / "r.parquet"
    write(folder, ["a"])
    (folder / ".part-00001.parquet").write_bytes(b"PAR1 and no more")
    assert len(pd.read_parquet(folder)) == 1
    results = write(folder, ["b"])
    assert sorted(path.name for path in folder.iterdir()) == ["part-00000.parquet", "part-00001.parquet"]
    assert "a" in results.done.names
    assert "b" not in results.done.names


def test_no_inputs_are_a_table_without_rows(tmp_path: Path) -> None:
    write(tmp_path / "r.parquet", [])
    assert pd.read_parquet(tmp_path / "r.parquet").shape == (0, 12)


def test_failures_are_taken_out_to_be_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "r.parquet"
    write(folder, ["a", "bad"])
    write(folder, ["c"])
    results = write(folder, [], retry_failed=True)
    assert "bad" not in results.done.names
    assert results.done.failures.count == 0
    assert parquet.read_table(folder)["name"].to_pylist() == ["a", "c"]


def test_another_models_results_are_refused_unless_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "r.parquet"
    write(folder, ["a"])
    other = Layout(Identity("digit", 2, "b" * 64, None), LAYOUT.labels, decides=False)
    with pytest.raises(ConfigurationError, match=r"of digit, version 1 .*, and these would be of digit, version 2"):
        ParquetResults(folder, other)
    write(folder, ["b"], other, restart=True)
    assert parquet.read_table(folder)["name"].to_pylist() == ["b"]


@pytest.mark.parametrize("restart", [False, True])
def test_a_folder_of_other_files_is_left_alone(tmp_path: Path, restart: bool) -> None:
    folder = tmp_path / "r.parquet"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match=r"holds thesis.txt, which is no part of results"):
        ParquetResults(folder, LAYOUT, restart=restart)
    assert (folder / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize("restart", [False, True])
def test_a_folder_of_another_programs_parts_is_left_alone(tmp_path: Path, restart: bool) -> None:
    folder = tmp_path / "r.parquet"
    folder.mkdir()
    names = (".part-00000-c000.snappy.parquet.crc", "part-00000-c000.snappy.parquet", "_SUCCESS")
    for name in names:
        (folder / name).write_text("mine")
    with pytest.raises(ConfigurationError, match="which is no part of results"):
        ParquetResults(folder, LAYOUT, restart=restart)
    assert {path.name for path in folder.iterdir()} == set(names)


@pytest.mark.parametrize("options", [{}, {"restart": True}, {"retry_failed": True}])
@pytest.mark.parametrize("others", [b"PAR1", None], ids=["damaged", "foreign"])
def test_nothing_is_changed_before_every_part_is_known_to_be_one_of_results(
    tmp_path: Path, options: dict[str, bool], others: bytes | None
) -> None:
    folder = tmp_path / "r.parquet"
    write(folder, ["a", "bad"])
    other = folder / "part-00001.parquet"
    if others is None:
        parquet.write_table(pa.table({"name": ["a"]}), other)
    else:
        other.write_bytes(others)
    (folder / ".part-00002.parquet").write_bytes(b"begun")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ConfigurationError, match=r"part-00001\.parquet"):
        ParquetResults(folder, LAYOUT, **options)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_files_that_are_no_results_are_said_to_be_none(tmp_path: Path) -> None:
    folder = tmp_path / "r.parquet"
    folder.mkdir()
    part = folder / "part-00000.parquet"
    part.write_bytes(b"PAR1")
    with pytest.raises(ConfigurationError, match=r"part-00000\.parquet cannot be read"):
        ParquetResults(folder, LAYOUT)
    parquet.write_table(pa.table({"name": ["a"]}), part)
    with pytest.raises(ConfigurationError, match=r"part-00000\.parquet does not say which model it is of"):
        ParquetResults(folder, LAYOUT)
    shutil.move(part, tmp_path / "one.parquet")
    with pytest.raises(ConfigurationError, match="is a file, where a folder of parts would be"):
        ParquetResults(tmp_path / "one.parquet", LAYOUT)


def test_two_runs_do_not_write_the_same_folder(tmp_path: Path) -> None:
    first = ParquetResults(tmp_path / "r.parquet", LAYOUT)
    with pytest.raises(ConfigurationError, match="another process is writing"):
        ParquetResults(tmp_path / "r.parquet", LAYOUT)
    first.close()
