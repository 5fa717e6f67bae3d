"""Results as a folder of Parquet files, which pandas, pyarrow and Spark read as one table."""

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from app.scoring.arrow_rows import arrow_schema, arrow_table
from app.scoring.columns import Identity, Layout, Row
from app.scoring.done import Done, check_identity, not_results
from app.scoring.locking import lock

if TYPE_CHECKING:
    import pyarrow

PART = re.compile(r"part-(\d{5}|[1-9]\d{5,})\.parquet")
PART_ROWS = 10_000
PART_SECONDS = 30.0
"""A part is written when it has so many rows or its first row is so old: a kill costs no more than that."""

PREFIX = b"quartet."


class ParquetResults:
    """A folder of `part-00000.parquet` and so on, each written whole and then renamed into place.

    Args:
        folder: made if it is not there.
        layout: its columns.
        restart: replace what it holds.
        retry_failed: take out the rows of inputs without an answer, so that they are tried again.
        clock: monotonic, in seconds.

    Raises:
        ConfigurationError: the folder holds something else; the error says what to do.
        OSError: it cannot be written.
        ModuleNotFoundError: pyarrow is not installed.
    """

    def __init__(
        self,
        folder: Path,
        layout: Layout,
        *,
        restart: bool = False,
        retry_failed: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._layout = layout
        self._clock = clock
        self._schema = arrow_schema(layout).with_metadata(_metadata(layout.identity))
        self.done = Done()
        self._rows: list[Row] = []
        self._since = 0.0
        if folder.exists() and not folder.is_dir():
            raise not_results(folder, "is a file, where a folder of parts would be")
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(folder, os.O_RDONLY)
        try:
            lock(self._lock, folder)
            self._open(restart=restart, retry_failed=retry_failed)
        except BaseException:
            os.close(self._lock)
            raise

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows; they are on the disk once their part is full."""
        if not self._rows:
            self._since = self._clock()
        self._rows.extend(rows)
        if len(self._rows) >= PART_ROWS:
            self._write_part()

    def sync(self) -> None:
        """Write the part begun, if it is old enough."""
        if self._rows and self._clock() - self._since >= PART_SECONDS:
            self._write_part()

    def close(self) -> None:
        """Write the last part and let the folder go. A folder without any part gets one without rows."""
        try:
            if self._rows or not self._next:
                self._write_part()
        finally:
            os.close(self._lock)

    def _open(self, *, restart: bool, retry_failed: bool) -> None:
        begun, parts = self._found()
        for path in parts.values():
            self._check(path, is_kept=not restart)
        # Nothing is changed before all is known to be results.
        for path in (*begun, *(parts.values() if restart else ())):
            path.unlink()
        kept = {} if restart else parts
        self._next = max(kept, default=-1) + 1
        for _, path in sorted(kept.items()):
            self._read(path, retry_failed=retry_failed)

    def _found(self) -> tuple[list[Path], dict[int, Path]]:
        """Return the parts that a killed writer had begun, and the whole ones by their numbers."""
        begun, parts = [], {}
        for path in sorted(self._folder.iterdir()):
            match = PART.fullmatch(path.name.removeprefix("."))
            if match is None:
                raise not_results(self._folder, f"holds {path.name}, which is no part of results")
            if path.name.startswith("."):
                begun.append(path)
            else:
                parts[int(match[1])] = path
        return begun, parts

    def _check(self, path: Path, *, is_kept: bool) -> None:
        from pyarrow import parquet

        with self._opened(path) as file:
            schema = parquet.read_schema(file)
        found = _identity(schema, path)
        if is_kept:
            check_identity(self._folder, found, self._layout)
            if schema.names != self._schema.names:
                raise not_results(self._folder, "its columns are not those of this model")

    def _read(self, path: Path, *, retry_failed: bool) -> None:
        import pyarrow.compute as pc
        from pyarrow import parquet

        with self._opened(path) as file:
            table = parquet.read_table(file)
        if retry_failed and table["error_type"].null_count < len(table):
            table = table.filter(pc.is_null(table["error_type"]))
            self._put(table, path)
        for batch in table.select(["name", "error_type", "error"]).to_batches(max_chunksize=PART_ROWS):
            for row in batch.to_pylist():
                self.done.add(row)

    @contextmanager
    def _opened(self, path: Path) -> Iterator[BinaryIO]:
        """Open a part. pyarrow itself would take a path with `=` in it for partitions."""
        import pyarrow

        try:
            with path.open("rb") as file:
                yield file
        except pyarrow.ArrowException as error:
            raise not_results(self._folder, f"its {path.name} cannot be read: {error}") from error

    def _write_part(self) -> None:
        self._put(arrow_table(self._rows, self._schema), self._folder / f"part-{self._next:05}.parquet")
        self._next += 1
        self._rows = []

    def _put(self, table: "pyarrow.Table", path: Path) -> None:
        """Write a part whole, onto the disk, and only then under its name. Readers pass over names with a dot."""
        from pyarrow import parquet

        temporary = path.with_name(f".{path.name}")
        with temporary.open("wb") as file:
            parquet.write_table(table, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        os.fsync(self._lock)


def _metadata(identity: Identity) -> dict[bytes, bytes]:
    """What a part's own description says: rows that have no answer in any part are of a model too."""
    fields = vars(identity)
    return {PREFIX + name.encode(): str(value).encode() for name, value in fields.items() if value is not None}


def _identity(schema: "pyarrow.Schema", path: Path) -> Identity:
    found = {
        name.removeprefix(PREFIX).decode(): value.decode()
        for name, value in (schema.metadata or {}).items()
        if name.startswith(PREFIX)
    }
    try:
        threshold = float(found["threshold"]) if "threshold" in found else None
        return Identity(found["task"], int(found["version"]), found["sha256"], threshold)
    except (KeyError, ValueError):
        raise not_results(path.parent, f"its {path.name} does not say which model it is of") from None
