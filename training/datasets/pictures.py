"""Folders of labelled pictures turned into examples: what the picture data sets share."""

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from training.datasets.base import DatasetError, Example
from training.datasets.contents import unite_copies
from training.datasets.files import entries, files_ending

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif")


def pictures_in(folder: Path) -> list[Path]:
    """Return the picture files directly in a folder, sorted by name."""
    return files_ending(folder, SUFFIXES)


def subfolders(folder: Path, *names: str) -> list[Path]:
    """Return the folders directly in `folder` that have one of these lower-case names, in any case."""
    return [entry for entry in entries(folder) if entry.name.lower() in names and entry.is_dir()]


def picture_examples(
    labelled: Iterable[tuple[str, Path]], root: Path, group_in_name: Callable[[str], str | None]
) -> tuple[Example, ...]:
    """Return an example for every (label, picture), named relative to `root`.

    `group_in_name` tells a picture's group from its file name, or None where the picture stands alone. Groups
    that share an exact copy of a picture become one.
    """
    return unite_copies(
        [
            Example(name := file.relative_to(root).as_posix(), label, group_in_name(file.name) or name, file)
            for label, file in labelled
        ]
    )


def require_pictures(examples: Iterable[Example], labels: tuple[str, ...], root: Path, expected: str) -> None:
    """Raise DatasetError unless every label has a picture; `expected` is an example tree."""
    counts = Counter(example.label for example in examples)
    if not all(counts[label] for label in labels):
        found = ", ".join(f"{counts[label]:,} of {label}" for label in labels)
        raise DatasetError(f"{root} lacks pictures of a class: it has {found}.\nExpected:\n{expected}")
