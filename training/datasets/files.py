"""Finding files below a path the user gave, and errors that show what is there instead."""

from pathlib import Path

from training.datasets.base import DatasetError

_SHOWN_ENTRIES = 8


def entries(folder: Path) -> list[Path]:
    """Return what is in a folder, sorted by name, without what systems and archivers leave behind."""
    return sorted(
        (entry for entry in folder.iterdir() if not entry.name.startswith((".", "__MACOSX"))),
        key=lambda entry: entry.name,
    )


def files_ending(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Return the files directly in a folder whose name ends so, in any case, sorted by name."""
    return [entry for entry in entries(folder) if entry.name.lower().endswith(suffixes) and entry.is_file()]


def require_exists(path: Path, expected: str) -> None:
    """Raise DatasetError unless something is at `path`; `expected` is an example tree."""
    if not path.exists():
        raise DatasetError(f"there is nothing at {path}.\nExpected:\n{expected}")


def require_folder(path: Path, expected: str) -> None:
    """Raise DatasetError unless `path` is a folder; `expected` is an example tree."""
    require_exists(path, expected)
    if not path.is_dir():
        raise DatasetError(f"{path} is a file, not a folder; unpack an archive first.\nExpected:\n{expected}")


def unrecognised(path: Path, expected: str) -> DatasetError:
    """Return the error for a path that exists but has no known layout; `expected` is an example tree."""
    return DatasetError(f"{path} has no layout known here: {describe(path)}.\nExpected:\n{expected}")


def describe(path: Path) -> str:
    """Say in a few words what is at a path."""
    if path.is_file():
        return f"it is a file of {path.stat().st_size:,} bytes"
    found = entries(path)
    if not found:
        return "it is empty"
    names = [entry.name + "/" * entry.is_dir() for entry in found[:_SHOWN_ENTRIES]]
    more = len(found) - len(names)
    return f"it has {', '.join(names)}" + (f" and {more:,} more" if more else "")


def one_file(folder: Path, stem: str, suffixes: tuple[str, ...], part: str) -> Path | None:
    """Return the data file of a folder, or None where there is none.

    Among several, files named after the data set (`stem`) come first, of those the ones named after the part.

    Raises:
        DatasetError: several files could be meant.
    """
    candidates = files_ending(folder, suffixes)
    for wanted in (stem, part):
        candidates = [file for file in candidates if wanted in file.name.lower()] or candidates
    if len(candidates) > 1:
        names = ", ".join(file.name for file in candidates)
        raise DatasetError(f"{folder} has several data files, name one of them: {names}")
    return candidates[0] if candidates else None


def split_off_part(path: Path) -> tuple[Path, str | None]:
    """Read `data.npz/test` as (`data.npz`, "test"): a part of a data set, named as if it were a folder."""
    if path.name in ("train", "test") and not path.exists():
        return path.parent, path.name
    return path, None
