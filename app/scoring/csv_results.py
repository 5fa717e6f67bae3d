"""Results as a CSV file that grows row by row; one that was cut off by a kill is mended and continued."""

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from io import BufferedRandom, StringIO, TextIOWrapper
from pathlib import Path

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
        self._names = [column.name for column in layout.columns]
        self.done = Done()
        binary = path.open("a+b")
        try:
            lock(binary, path)
            whole = self._whole_of(binary)
            if restart:
                binary.truncate(0)
            elif retry_failed:
                binary = self._without_failures(binary, whole)
            else:
                for row in self._rows(binary, whole):
                    self.done.add(row)
                binary.truncate(whole)
            is_empty = binary.seek(0, os.SEEK_END) == 0
        except BaseException:
            binary.close()
            raise
        self._file = TextIOWrapper(binary, encoding=ENCODING, newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        if is_empty:
            self._writer.writerow(self._names)

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

    def _whole_of(self, binary: BufferedRandom) -> int:
        """Return how many bytes whole rows take. Nothing is changed before this says that the file is one of results.

        Of a first line that was being written when the writer was killed, none are whole.
        """
        header = _line(self._names)
        binary.seek(0)
        start = binary.read(len(header))
        if len(start) < len(header) and header.startswith(start):
            return 0
        whole = whole_bytes(binary)
        first = next(self._records(binary, whole), [])
        if tuple(first[: len(FIRST_COLUMNS)]) != FIRST_COLUMNS:
            raise not_results(self._path, "is no table of results")
        return whole

    def _rows(self, binary: BufferedRandom, whole: int) -> Iterator[Mapping[str, str]]:
        """Yield the rows that there are, each checked to be of this run's model."""
        records = self._records(binary, whole)
        header = next(records, None)
        if header is None:
            return
        for number, record in enumerate(records, 2):
            if len(record) != len(header):
                raise not_results(self._path, f"its row {number} has {len(record)} columns, not {len(header)}")
            row = dict(zip(header, record, strict=True))
            check_identity(self._path, self._identity(row, number), self._layout)
            self._check_columns(header)
            yield row
        self._check_columns(header)

    def _records(self, binary: BufferedRandom, whole: int) -> Iterator[list[str]]:
        try:
            yield from csv.reader(_lines(binary, whole))
        except csv.Error as error:
            raise not_results(self._path, "is no table of results") from error

    def _identity(self, row: Mapping[str, str], number: int) -> Identity:
        threshold = row.get("threshold")
        try:
            return Identity(
                row["task"], int(row["model_version"]), row["model_sha256"], float(threshold) if threshold else None
            )
        except (KeyError, ValueError):
            raise not_results(self._path, f"its row {number} does not say which model it is of") from None

    def _check_columns(self, header: list[str]) -> None:
        if header != self._names:
            raise not_results(self._path, "its columns are not those of this model")

    def _without_failures(self, binary: BufferedRandom, whole: int) -> BufferedRandom:
        """Write the file anew without the rows that have an error, and return the new one."""
        temporary = self._path.with_name(f".{self._path.name}.tmp")
        fresh = temporary.open("w+b")
        try:
            lock(fresh, self._path)
            with open(fresh.fileno(), "w", encoding=ENCODING, newline="", closefd=False) as file:
                writer = csv.DictWriter(file, self._names, lineterminator="\n")
                writer.writeheader()
                for row in self._rows(binary, whole):
                    if not row["error_type"]:
                        writer.writerow(row)
                        self.done.add(row)
            os.fsync(fresh.fileno())
            temporary.replace(self._path)
        except BaseException:
            fresh.close()
            temporary.unlink()
            raise
        binary.close()
        return fresh


def whole_bytes(file: BufferedRandom) -> int:
    """Return how many bytes of a CSV are whole rows. Behind them is what a writer was at when it was killed.

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
    return whole


def _line(values: Sequence[str]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue().encode(ENCODING)


def _lines(binary: BufferedRandom, whole: int) -> Iterator[str]:
    """Yield the lines of the first bytes."""
    binary.seek(0)
    position = 0
    for line in binary:
        position += len(line)
        if position > whole:
            return
        yield line.decode(ENCODING, "replace")


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
