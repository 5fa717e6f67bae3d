"""Where items come from: folders, files, addresses, lists of paths on standard input, tables of paths or texts."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NoReturn, Protocol

from app.errors import ConfigurationError, reason_of
from app.scoring.files import read_file
from app.scoring.items import Item, ItemError, Source
from app.scoring.remote import RemoteSource, address_of, is_address, remote_item
from app.scoring.tables import TABLE_SUFFIXES, Table, open_table

STANDARD_INPUT = "-"
PATH_COLUMN = "path"
TEXT_COLUMN = "text"
STREAM_BYTES = 65_536


class RawStream(Protocol):
    """What bytes come from, without a buffer in between."""

    def read(self, size: int, /) -> bytes | None:
        """Return what there is, at most `size` bytes; nothing at the end."""
        ...


@dataclass(frozen=True)
class Reading:
    """How sources are read.

    `max_bytes`: largest file that is read. `include`: names that files of folders must match one of, as shells match;
    all if none. `excluded`: what is passed over in folders: the results. `column` and `name_column`: of tables.
    """

    max_bytes: int
    include: tuple[str, ...] = ()
    excluded: Path | None = None
    column: str | None = None
    name_column: str | None = None


@dataclass(frozen=True)
class FolderSource:
    """Every file under a folder, sorted by name folder by folder; what is hidden is passed over, as are the results.

    Items are named by their path as the folder was given: `xrays/a/b.jpeg`. Links to files are read, links to folders
    not followed.
    """

    folder: Path
    reading: Reading

    def __iter__(self) -> Iterator[Item]:
        return (_file_item(path, self.reading.max_bytes) for path in self._paths(self.folder))

    def count(self) -> int:
        """Return how many files there are now."""
        return sum(1 for _ in self._paths(self.folder))

    def _paths(self, folder: Path) -> Iterator[Path]:
        # One folder's names at a time are in memory.
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raise ConfigurationError(f"the folder {printable(folder)} cannot be read: {error.strerror}") from error
        for entry in entries:
            path = Path(folder, entry.name)
            if entry.name.startswith(".") or path.absolute() == self.reading.excluded:
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from self._paths(path)
            elif entry.is_file() and self._is_wanted(path):
                yield path

    def _is_wanted(self, path: Path) -> bool:
        return not self.reading.include or any(path.match(pattern) for pattern in self.reading.include)


@dataclass(frozen=True)
class FileSource:
    """One file that is named itself."""

    path: Path
    max_bytes: int

    def __iter__(self) -> Iterator[Item]:
        yield _file_item(self.path, self.max_bytes)

    def count(self) -> int:
        """Return 1."""
        return 1


@dataclass(frozen=True)
class StreamSource:
    """A path or an address on each line of a stream, or between NUL bytes, as `find -print0` writes them; read once.

    Raw, because Python ends with an abort when a thread still waits in the buffered standard input.
    """

    stream: RawStream
    max_bytes: int

    def __iter__(self) -> Iterator[Item]:
        for line in _lines(self.stream):
            if line:
                yield _item(os.fsdecode(line), self.max_bytes)

    def count(self) -> None:
        """Return None: nobody knows how much is still to come."""
        return


@dataclass(frozen=True)
class PathTableSource:
    """A table with a column of paths, relative to the table's folder, or of addresses.

    Items are named by a column of names, or else by the path as it is written or, where the table is one of several
    sources, from its folder on.
    """

    table: Table
    column: str
    name_column: str | None
    max_bytes: int
    alone: bool = True

    def __iter__(self) -> Iterator[Item]:
        folder = self.table.path.parent
        for row, (value, *names) in self.table.rows(_columns(self.column, self.name_column)):
            if not value:
                item = Item("", partial(_say_no_path, self.column))
            elif is_address(value):
                item = remote_item(address_of(value), self.max_bytes)
            else:
                item = _file_item(Path(folder, value), self.max_bytes, value if self.alone else None)
            yield Item(printable(names[0] if names else item.name) or f"{self.table.path}:{row}", item.read)

    def count(self) -> int | None:
        """Return the table's number of rows."""
        return self.table.count()


@dataclass(frozen=True)
class TextTableSource:
    """A table with a column of texts. Items are named by a column of names, or else `TABLE:ROW`, from 1."""

    table: Table
    column: str
    name_column: str | None

    def __iter__(self) -> Iterator[Item]:
        for row, (text, *names) in self.table.rows(_columns(self.column, self.name_column)):
            name = (names[0] if names else "") or f"{self.table.path}:{row}"
            # What is not UTF-8 is found, and said, where texts are read.
            yield Item(printable(name), partial(text.encode, "utf-8", "surrogateescape"))

    def count(self) -> int | None:
        """Return the table's number of rows."""
        return self.table.count()


@dataclass(frozen=True)
class JoinedSource:
    """Sources one after the other."""

    sources: Sequence[Source]

    def __iter__(self) -> Iterator[Item]:
        for source in self.sources:
            yield from source

    def count(self) -> int | None:
        """Return how many items all have, if each knows."""
        counts = [source.count() for source in self.sources]
        return None if None in counts else sum(count for count in counts if count is not None)


def source_of(names: Sequence[str], kind: str, reading: Reading, stdin: Callable[[], RawStream]) -> Source:
    """Return the items of everything that a command line names.

    Args:
        names: folders, tables (`.csv`, `.tsv`, `.parquet`), other files, addresses of folders and files elsewhere, and
            `-` for a list of paths on standard input.
        kind: of the task, `text` or `image`: what a table's column holds unless it is named.
        reading: how they are read.
        stdin: opens standard input.

    Raises:
        ConfigurationError: something named is not there, or a table has no such column.
    """
    return JoinedSource([_source_of(name, kind, reading, stdin, alone=len(names) == 1) for name in names])


def printable(name: str | Path) -> str:
    r"""Return a file's name as UTF-8 can encode it: bytes that are none as `\xff`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _source_of(name: str, kind: str, reading: Reading, stdin: Callable[[], RawStream], *, alone: bool) -> Source:
    path = Path(name)
    if name == STANDARD_INPUT:
        return StreamSource(stdin(), reading.max_bytes)
    if is_address(name):
        return _remote_source(name, reading)
    try:
        is_folder = path.is_dir()
        path.stat()
    except OSError as error:
        raise ConfigurationError(reason_of(error)) from error
    is_table = path.suffix.lower() in TABLE_SUFFIXES
    if not is_table:
        return FolderSource(path, reading) if is_folder else FileSource(path, reading.max_bytes)
    table = open_table(path)
    column = reading.column or _default_column(table, kind)
    table.check(column, *([reading.name_column] if reading.name_column else []))
    if kind == "text" and column != PATH_COLUMN:
        return TextTableSource(table, column, reading.name_column)
    return PathTableSource(table, column, reading.name_column, reading.max_bytes, alone)


def _remote_source(name: str, reading: Reading) -> RemoteSource:
    address = address_of(name)
    if PurePosixPath(address.key).suffix.lower() in TABLE_SUFFIXES:
        raise ConfigurationError(f"{address}: a table must be a file of this machine; its paths may be addresses")
    return RemoteSource(address, reading.max_bytes, reading.include)


def _default_column(table: Table, kind: str) -> str:
    names = (TEXT_COLUMN, PATH_COLUMN) if kind == "text" else (PATH_COLUMN,)
    return next((name for name in names if name in table.columns), names[0])


def _columns(column: str, name_column: str | None) -> tuple[str, ...]:
    return (column,) if name_column is None else (column, name_column)


def _item(name: str, max_bytes: int) -> Item:
    return remote_item(address_of(name), max_bytes) if is_address(name) else _file_item(Path(name), max_bytes)


def _file_item(path: Path, max_bytes: int, name: str | None = None) -> Item:
    # It may be read by a process that has another working directory.
    return Item(printable(path if name is None else name), partial(read_file, path.absolute(), max_bytes))


def _say_no_path(column: str) -> NoReturn:
    raise ItemError(f"The row has nothing in its column {column!r}.")


def _lines(stream: RawStream) -> Iterator[bytes]:
    """Yield what lies between line ends or, where NUL bytes come first, between those."""
    separator = None
    rest = b""
    while chunk := stream.read(STREAM_BYTES):
        rest += chunk
        if separator is None and (b"\0" in rest or b"\n" in rest):
            separator = b"\0" if b"\0" in rest else b"\n"
        if separator is not None:
            *whole, rest = rest.split(separator)
            yield from whole
    yield rest
