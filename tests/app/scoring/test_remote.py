"""Files behind addresses: listed, read and named as files of this machine are."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import fsspec
import pytest

from app.errors import ConfigurationError
from app.inputs.errors import OversizedInputError
from app.scoring.failures import failure_of
from app.scoring.items import ItemError, Source
from app.scoring.remote import address_of, is_address
from app.scoring.sources import Reading, source_of
from helpers.object_stores import object_store

FILES = ("b.png", "a/2.png", "a/1 %20#.jpeg", ".hidden/x.png", "a/.DS_Store", "c/d/e.png")
SHOWN = ("a/1 %20#.jpeg", "a/2.png", "b.png", "c/d/e.png")


def source(*names: object, reading: Reading | None = None, stdin: bytes = b"") -> Source:
    return source_of([str(name) for name in names], "image", reading or Reading(100), lambda: io.BytesIO(stdin))


def contents(found: Source) -> Sequence[tuple[str, bytes | str]]:
    return [(item.name, item.read()) for item in found]


@pytest.fixture
def memory() -> Iterator[str]:
    """A folder of fsspec's file system in memory."""
    files = fsspec.filesystem("memory")
    for name in FILES:
        files.pipe(f"/ward/xrays/{name}", name.encode())
    yield "memory://ward/xrays"
    files.rm("/ward", recursive=True)


@pytest.mark.parametrize("end", ["", "/"])
def test_an_address_gives_all_files_under_it_but_hidden_ones_in_the_order_of_a_folder(memory: str, end: str) -> None:
    assert contents(source(memory + end)) == [(f"{memory}/{name}", name.encode()) for name in SHOWN]


def test_only_files_that_match_are_taken(memory: str) -> None:
    found = source(memory, reading=Reading(100, include=("*.jpeg", "d/*")))
    assert [item.name for item in found] == [f"{memory}/a/1 %20#.jpeg", f"{memory}/c/d/e.png"]


def test_a_file_is_itself(memory: str) -> None:
    assert contents(source(f"{memory}/b.png")) == [(f"{memory}/b.png", b"b.png")]


def test_files_of_this_machine_have_addresses_too(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    assert contents(source(f"file://{tmp_path}")) == [(f"file://{tmp_path}/{name}", name.encode()) for name in SHOWN]


def test_lists_and_tables_hold_addresses_beside_paths(memory: str, tmp_path: Path) -> None:
    (tmp_path / "here.png").write_bytes(b"here")
    listed = f"{memory}/b.png\n{tmp_path}/here.png\n".encode()
    expected = [(f"{memory}/b.png", b"b.png"), (f"{tmp_path}/here.png", b"here")]
    assert contents(source("-", stdin=listed)) == expected
    (tmp_path / "list.csv").write_text(f"path\n{memory}/b.png\nhere.png\n")
    assert contents(source(tmp_path / "list.csv")) == [expected[0], ("here.png", b"here")]


def test_what_cannot_be_had_is_the_failure_of_its_own_row(memory: str) -> None:
    gone, unknown, large = source(
        "-", stdin=f"{memory}/gone.png\nnothing://x/y.png\n{memory}/b.png\n".encode(), reading=Reading(3)
    )
    with pytest.raises(FileNotFoundError) as error:
        gone.read()
    assert failure_of(error.value).type == "unreadable"
    with pytest.raises(ItemError, match="addresses of nothing:// cannot be read here: Protocol not known: nothing"):
        unknown.read()
    with pytest.raises(OversizedInputError):
        large.read()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("memory://ward/none", "memory://ward/none: there is nothing at this address"),
        ("nothing://x/y", "addresses of nothing:// cannot be read here"),
        ("memory://ward/list.csv", "a table must be a file of this machine; its paths may be addresses"),
    ],
)
def test_a_source_that_cannot_be_listed_is_said(name: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        list(source(name))


def test_names_hold_no_password_and_no_option() -> None:
    address = address_of("s3://key:secret@bucket/a/b c.png?region=eu-west-1&scheme=http")
    assert str(address) == "s3://bucket/a/b c.png"
    assert address.root == "s3://key:secret@bucket?region=eu-west-1&scheme=http"
    assert str(address_of("abfs://box@account.dfs.core.windows.net/a")) == "abfs://box@account.dfs.core.windows.net/a"


@pytest.mark.parametrize("name", ["xrays/a.png", "/xrays", "C:/xrays", "a:b", "-", "", "s3:/bucket"])
def test_paths_are_no_addresses(name: str) -> None:
    assert not is_address(name)


def test_an_object_store_is_read_through_its_own_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("moto", reason="needs moto's server: pip install 'moto[server]'")
    with object_store(tmp_path / "log") as store:
        store.put("hospital", {f"xrays/{name}": name.encode() for name in FILES})
        expected = [(f"s3://hospital/xrays/{name}", name.encode()) for name in SHOWN]
        assert contents(source(store.url("hospital/xrays/"))) == expected
        for name, value in store.environment.items():
            monkeypatch.setenv(name, value)
        assert contents(source("s3://hospital/xrays")) == expected
        with pytest.raises(ConfigurationError, match="s3://hospital/none: there is nothing at this address"):
            list(source("s3://hospital/none"))
