"""Columns of CSV and Parquet files, read row by row."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TextIO

from app.errors import ConfigurationError, reason_of

PARQUET_SUFFIX = ".parquet"
TABLE_SUFFIXES = frozenset({".csv", ".tsv", PARQUET_SUFFIX})
DELIMITERS = (",", ";", "\t")
LONGEST_FIELD = 64 * 1024 * 1024
"""Characters of a CSV file's field; Python's own limit of 131,072 is below what texts may have."""


class Table(Protocol):
    """A file with named columns."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    @property
    def columns(self) -> Sequence[str]:
        """The names of its columns."""
        ...

    def check(self, *columns: str) -> None:
        """Check that there are such columns, of texts.

        Raises:
            ConfigurationError: one is missing; the error lists those that there are.
        """
        ...

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
        """Yield each row's number, from 1, and its values in some columns; empty where there is none.

        Raises:
            ConfigurationError: the file is damaged; the error says where.
        """
        ...

    def count(self) -> int | None:
        """Return how many rows it has."""
        ...


def open_table(path: Path) -> Table:
    """Open a CSV (`.csv`, `.tsv`) or Parquet file, or a folder of Parquet files.

    Raises:
        ConfigurationError: it cannot be read.
    """
    return ParquetTable(path, _parquet_columns(path)) if path.suffix.lower() == PARQUET_SUFFIX else _open_csv(path)


@dataclass(frozen=True)
class CsvTable:
    """A CSV file with a header (RFC 4180), UTF-8, separated by commas, semicolons or tabs."""

    path: Path
    columns: Sequence[str]
    delimiter: str

    def check(self, *columns: str) -> None:
        """See `Table.check`."""
        _check_columns(self.path, self.columns, columns)

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
        """See `Table.rows`."""
        places = [self.columns.index(column) for column in columns]
        with _reading(self.path), _open_text(self.path) as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            next(reader, None)
            for number, row in enumerate((row for row in reader if row), 1):
                if len(row) <= max(places):
                    raise ConfigurationError(
                        f"{self.path}, line {reader.line_num}: it has {len(row)} columns, not {len(self.columns)}"
                    )
                yield number, [row[place] for place in places]

    def count(self) -> int:
        """See `Table.count`. Reads the file."""
        return sum(1 for _ in self.rows(self.columns[:1]))


@dataclass(frozen=True)
class ParquetTable:
    """A Parquet file, or a folder of such files, read a batch of rows at a time."""

    path: Path
    columns: Sequence[str]

    def check(self, *columns: str) -> None:
        """See `Table.check`."""
        import pyarrow.dataset as ds
        from pyarrow import types

        _check_columns(self.path, self.columns, columns)
        schema = ds.dataset(self.path).schema
        for column in columns:
            kind = schema.field(column).type
            if types.is_dictionary(kind):
                kind = kind.value_type
            if not (types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)):
                raise ConfigurationError(f"{self.path}: the column {column!r} holds {kind}, not strings")

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
        """See `Table.rows`."""
        import pyarrow
        import pyarrow.dataset as ds

        number = 0
        try:
            for batch in ds.dataset(self.path).to_batches(columns=list(columns), batch_size=1024, batch_readahead=1):
                for values in zip(*(batch.column(column).to_pylist() for column in columns), strict=True):
                    number += 1
                    yield number, [value or "" for value in values]
        except pyarrow.ArrowException as error:
            raise ConfigurationError(f"{self.path}: {error}") from error

    def count(self) -> int:
        """See `Table.count`."""
        import pyarrow.dataset as ds

        return int(ds.dataset(self.path).count_rows())


def _open_csv(path: Path) -> CsvTable:
    csv.field_size_limit(LONGEST_FIELD)
    with _reading(path), _open_text(path) as file:
        header = file.readline()
        delimiter = max(DELIMITERS, key=header.count)
        file.seek(0)
        columns = next(csv.reader(file, delimiter=delimiter), [])
    if not columns:
        raise ConfigurationError(f"{path} is empty; its first line must name its columns")
    return CsvTable(path, columns, delimiter)


def _open_text(path: Path) -> TextIO:
    # Excel writes a byte order mark. Bytes that are not UTF-8 may well be a file's name.
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(reason_of(error)) from error
    except csv.Error as error:
        raise ConfigurationError(f"{path} is no CSV file: {error}") from error


def _parquet_columns(path: Path) -> Sequence[str]:
    import pyarrow
    import pyarrow.dataset as ds

    try:
        return tuple(ds.dataset(path).schema.names)
    except (OSError, pyarrow.ArrowException) as error:
        raise ConfigurationError(f"{path} is no Parquet file: {error}") from error


def _check_columns(path: Path, present: Sequence[str], wanted: Sequence[str]) -> None:
    for column in wanted:
        if column not in present:
            raise ConfigurationError(
                f"{path} has no column {column!r}; it has: {', '.join(present)}. --column and --name-column name one"
            )
