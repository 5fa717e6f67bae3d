"""What a command line names, and the items that come of it."""

import io
import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from app.errors import ConfigurationError
from app.inputs.errors import OversizedInputError
from app.scoring.items import ItemError, Source
from app.scoring.sources import Reading, source_of

READING = Reading(max_bytes=100)


def source(*names: object, kind: str = "image", reading: Reading = READING, stdin: bytes = b"") -> Source:
    return source_of([str(name) for name in names], kind, reading, lambda: io.BytesIO(stdin))


def contents(found: Source) -> Sequence[tuple[str, bytes | str]]:
    return [(item.name, item.read()) for item in found]


def names(found: Source) -> Sequence[str]:
    return [item.name for item in found]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("b.png", "a/2.png", "a/1.jpeg", ".hidden/x.png", ".DS_Store", "c/d/e.png"):
        path = tmp_path / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "pictures"


def test_a_folder_gives_all_its_files_but_hidden_ones_named_as_it_was_given(folder: Path) -> None:
    found = source("pictures")
    assert contents(found) == [
        ("pictures/a/1.jpeg", b"a/1.jpeg"),
        ("pictures/a/2.png", b"a/2.png"),
        ("pictures/b.png", b"b.png"),
        ("pictures/c/d/e.png", b"c/d/e.png"),
    ]
    assert found.count() == 4
    assert names(source(folder))[0] == str(folder / "a/1.jpeg")


@pytest.mark.parametrize(("out", "left"), [("pictures/a", 2), ("pictures/b.png", 3)])
def test_the_results_are_no_inputs(folder: Path, out: str, left: int) -> None:
    found = source("pictures", reading=Reading(100, excluded=Path(out).absolute()))
    assert found.count() == left
    assert not [name for name in names(found) if name.startswith(out)]


def test_only_files_that_match_a_pattern_are_taken_if_there_is_one(folder: Path) -> None:
    found = source("pictures", reading=Reading(100, include=("*.jpeg", "d/*.png")))
    assert names(found) == ["pictures/a/1.jpeg", "pictures/c/d/e.png"]


def test_pipes_and_links_to_folders_are_passed_over_and_links_to_files_read(folder: Path) -> None:
    os.mkfifo(folder / "pipe.png")
    (folder / "round").symlink_to(folder, target_is_directory=True)
    (folder / "z.png").symlink_to(folder / "b.png")
    assert contents(source("pictures"))[-1] == ("pictures/z.png", b"b.png")
    assert source("pictures").count() == 5


def test_a_file_named_itself_is_an_input_whatever_its_name(folder: Path) -> None:
    assert contents(source("pictures/.DS_Store", "pictures/b.png")) == [
        ("pictures/.DS_Store", b".DS_Store"),
        ("pictures/b.png", b"b.png"),
    ]


def test_a_file_beyond_what_a_server_takes_is_refused_once_it_is_read(folder: Path) -> None:
    (folder / "b.png").write_bytes(bytes(101))
    [item] = source("pictures/b.png")
    with pytest.raises(OversizedInputError, match="more than 100 bytes"):
        item.read()


def test_a_name_that_is_not_utf8_is_escaped_and_its_file_read(folder: Path) -> None:
    path = os.fsencode(folder) + b"/z\xff.png"
    with open(path, "wb") as file:
        file.write(b"odd")
    assert contents(source("pictures"))[-1] == (r"pictures/z\xff.png", b"odd")


def test_a_tables_paths_are_relative_to_it_and_name_the_items(folder: Path) -> None:
    Path("pictures/list.csv").write_text("id,path\n1,b.png\n2,a/2.png\n")
    found = source("pictures/list.csv")
    assert contents(found) == [("b.png", b"b.png"), ("a/2.png", b"a/2.png")]
    assert found.count() == 2
    named = source("pictures/list.csv", reading=Reading(100, name_column="id"))
    assert contents(named) == [("1", b"b.png"), ("2", b"a/2.png")]


def test_the_same_path_in_two_tables_names_two_items(folder: Path) -> None:
    for where in ("a", "c"):
        (folder / where / "list.csv").write_text("path\nx.png\n")
    assert names(source("pictures/a/list.csv", "pictures/c/list.csv")) == ["pictures/a/x.png", "pictures/c/x.png"]


@pytest.mark.parametrize(
    "content",
    ["\ufeffpath,note\nb.png,x\n", "path;note\r\nb.png;x\r\n", "path\tnote\n\nb.png\tx", '"path",n\n"b.png",\n'],
)
def test_tables_come_as_spreadsheets_write_them(folder: Path, content: str) -> None:
    Path("pictures/list.csv").write_text(content, newline="")
    assert contents(source("pictures/list.csv")) == [("b.png", b"b.png")]


def test_a_row_without_a_path_is_an_item_that_cannot_be_had(folder: Path) -> None:
    Path("list.csv").write_text("id,path\n1,\n")
    [item] = source("list.csv")
    assert item.name == "list.csv:1"
    with pytest.raises(ItemError, match="nothing in its column 'path'"):
        item.read()


def test_texts_are_named_by_their_row_or_by_a_column(tmp_path: Path) -> None:
    path = tmp_path / "news.csv"
    path.write_text('id,text\na,"oil, and\ngas"\nb,\n')
    assert contents(source(path, kind="text")) == [(f"{path}:1", b"oil, and\ngas"), (f"{path}:2", b"")]
    named = source(path, kind="text", reading=Reading(100, name_column="id"))
    assert names(named) == ["a", "b"]


def test_bytes_that_are_not_utf8_reach_the_reader_of_texts_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "news.csv"
    path.write_bytes(b"text\ncaf\xe9\n")
    assert contents(source(path, kind="text"))[0][1] == b"caf\xe9"


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())])
def test_parquet_columns_of_every_kind_of_string_are_read(tmp_path: Path, kind: pa.DataType) -> None:
    path = tmp_path / "news.parquet"
    parquet.write_table(pa.table({"id": [7, 8], "text": pa.array(["oil", None], kind)}), path)
    found = source(path, kind="text")
    assert contents(found) == [(f"{path}:1", b"oil"), (f"{path}:2", b"")]
    assert found.count() == 2


@pytest.mark.parametrize(
    ("name", "content", "reading", "said"),
    [
        ("gone", None, READING, "gone: No such file or directory"),
        ("list.csv", b"", READING, "list.csv is empty; its first line must name its columns"),
        ("list.csv", b"id,file\n", READING, "has no column 'path'; it has: id, file"),
        ("list.csv", b"id,path\n", Reading(9, name_column="nr"), "has no column 'nr'; it has: id, path"),
        ("list.parquet", b"PAR1", READING, "list.parquet is no Parquet file"),
    ],
)
def test_what_cannot_be_a_source_is_said_before_any_model_is_loaded(
    tmp_path: Path, name: str, content: bytes | None, reading: Reading, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigurationError) as raised:
        source(tmp_path / name, reading=reading)
    assert said in str(raised.value)


def test_a_parquet_column_of_numbers_holds_no_paths(tmp_path: Path) -> None:
    path = tmp_path / "list.parquet"
    parquet.write_table(pa.table({"path": [1, 2]}), path)
    with pytest.raises(ConfigurationError, match="the column 'path' holds int64, not strings"):
        source(path)


def test_a_row_cut_short_is_said_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("id,path\n1,a\n2\n")
    with pytest.raises(ConfigurationError, match=r"list.csv, line 3: it has 1 columns, not 2"):
        list(source(path))


@pytest.mark.parametrize(
    "listed",
    [
        b"pictures/b.png\npictures/a/2.png\n",
        b"pictures/b.png\0pictures/a/2.png\0",
        b"\npictures/b.png\n\npictures/a/2.png",
    ],
)
def test_a_dash_takes_paths_from_standard_input(folder: Path, listed: bytes) -> None:
    found = source("-", stdin=listed)
    assert found.count() is None
    assert contents(found) == [("pictures/b.png", b"b.png"), ("pictures/a/2.png", b"a/2.png")]


def test_sources_follow_one_another(folder: Path) -> None:
    found = source("pictures/c", "pictures/b.png")
    assert names(found) == ["pictures/c/d/e.png", "pictures/b.png"]
    assert found.count() == 2
    assert source("pictures/c", "-").count() is None
