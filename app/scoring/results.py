"""Where results go: what a run asks of it, and which kind a name stands for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from app.errors import ConfigurationError
from app.scoring.columns import Layout, Row
from app.scoring.csv_results import CsvResults
from app.scoring.done import Done
from app.scoring.parquet_results import ParquetResults


class Results(Protocol):
    """A table that rows are added to."""

    done: Done

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows."""
        ...

    def sync(self) -> None:
        """Put onto the disk what should be there by now; called every second or two."""
        ...

    def close(self) -> None:
        """Put all onto the disk and let it go."""
        ...


def open_results(path: Path, layout: Layout, *, restart: bool = False, retry_failed: bool = False) -> Results:
    """Open results of the kind that the name's ending stands for, to be begun or continued.

    Raises:
        ConfigurationError: another ending, or what lies there is not to be continued; the error says what to do.
        OSError: it cannot be written.
        ModuleNotFoundError: Parquet, and pyarrow is not installed.
    """
    match path.suffix.lower():
        case ".csv":
            return CsvResults(path, layout, restart=restart, retry_failed=retry_failed)
        case ".parquet":
            return ParquetResults(path, layout, restart=restart, retry_failed=retry_failed)
    raise ConfigurationError(f"--out {path} must end with .csv or .parquet")
