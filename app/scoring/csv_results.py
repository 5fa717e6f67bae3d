"""Results as a CSV file that grows row by row; one that was cut off by a kill is mended and continued."""

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from io import BufferedRandom, TextIOWrapper
from pathlib import Path
from typing import TextIO

from app.scoring.columns import FIRST_COLUMNS, Identity, Layout, Row, Value
from app.scoring.done import Done, check_identity, not_results
from app.scoring.locking import lock

ENCODING = "utf-8"


class CsvResults:
    """A CSV file (RFC 4180, lines end with LF) with a header; truth is `true` or `false`, and nothing is empty.

    Rows are written at once but for what is buffered until `sync`, which puts them onto the disk.

    Args:
        path: the file; made if it is not there.
        layout: its columns.
        restart: replace what it holds.
        retry_failed: take out the rows of inputs without an answer, so that they are tried again.

    Raises:
        ConfigurationError: the file holds something else; the error says what to do.
        OSError: it cannot be written.
    """

    def __init__(self, path: Path, layout: Layout, *, restart: bool = False, retry_failed: bool = False) -> None:
        self._path = path
        self._layout = layout
        self.done = Done()
        binary = path.open("a+b")
        try:
            lock(binary, path)
            mend(binary)
            if restart:
                self._check_ours(next(_records(binary), list(FIRST_COLUMNS)))
                binary.truncate(0)
            if retry_failed:
                binary = self._without_failures(binary)
            self._read(binary)
            is_empty = binary.seek(0, os.SEEK_END) == 0
        except BaseException:
            binary.close()
            raise
        self._file = TextIOWrapper(binary, encoding=ENCODING, newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        if is_empty:
            self._writer.writerow(column.name for column in layout.columns)

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows."""
        self._writer.writerows([_text(value) for value in row] for row in rows)

    def sync(self) -> None:
        """Put all that was written onto the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Put all onto the disk and let the file go."""
        with self._file:
            self.sync()

    def _check_ours(self, header: list[str]) -> None:
        if tuple(header[: len(FIRST_COLUMNS)]) != FIRST_COLUMNS:
            raise not_results(self._path, "is no table of results")

    def _read(self, binary: BufferedRandom) -> None:
        for row in self._rows(binary):
            self.done.add(row)

    def _rows(self, binary: BufferedRandom) -> Iterator[Mapping[str, str]]:
        """Yield the rows that there are, each checked to be of this run's model."""
        records = _records(binary)
        header = next(records, None)
        if header is None:
            return
        self._check_ours(header)
        for number, record in enumerate(records, 2):
            if len(record) != len(header):
                raise not_results(self._path, f"its row {number} has {len(record)} columns, not {len(header)}")
            row = dict(zip(header, record, strict=True))
            check_identity(self._path, _identity(row), self._layout)
            self._check_columns(header)
            yield row
        self._check_columns(header)

    def _check_columns(self, header: list[str]) -> None:
        if header != [column.name for column in self._layout.columns]:
            raise not_results(self._path, "its columns are not those of this model")

    def _without_failures(self, binary: BufferedRandom) -> BufferedRandom:
        """Write the file anew without the rows that have an error, and return the new one."""
        names = [column.name for column in self._layout.columns]
        temporary = self._path.with_name(f".{self._path.name}.tmp")
        fresh = temporary.open("w+b")
        lock(fresh, self._path)
        with open(fresh.fileno(), "w", encoding=ENCODING, newline="", closefd=False) as file:
            writer = csv.DictWriter(file, names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(row for row in self._rows(binary) if not row["error_type"])
        os.fsync(fresh.fileno())
        temporary.replace(self._path)
        binary.close()
        fresh.seek(0, os.SEEK_END)
        return fresh


def mend(file: BufferedRandom) -> None:
    """Cut off a last row that is not whole: what a writer was at when it was killed.

    A row ends where a line ends outside quotes. Before the end of a quoted field the number of quotes is odd: one
    opens it, and those inside are doubled.
    """
    file.seek(0)
    whole = position = quotes = 0
    for line in file:
        position += len(line)
        quotes += line.count(b'"')
        if quotes % 2 == 0 and line.endswith(b"\n"):
            whole = position
    if whole < position:
        file.truncate(whole)


def _records(binary: BufferedRandom) -> Iterator[list[str]]:
    binary.seek(0)
    with _text_of(binary) as file:
        yield from csv.reader(file)


def _text_of(binary: BufferedRandom) -> TextIO:
    return open(binary.fileno(), encoding=ENCODING, errors="replace", newline="", closefd=False)


def _identity(row: Mapping[str, str]) -> Identity:
    threshold = row.get("threshold")
    version = row.get("model_version", "")
    return Identity(
        row.get("task", "?"),
        int(version) if version.isdecimal() else 0,
        row.get("model_sha256", "?"),
        float(threshold) if threshold else None,
    )


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
