"""Chest X-rays of children, normal or with pneumonia (Kermany et al. 2018), in the folders of Kaggle."""

import os
import re
from pathlib import Path

from training.datasets.base import DatasetError, Source
from training.datasets.files import require_folder, unrecognised
from training.datasets.pictures import picture_examples, pictures_in, require_pictures, subfolders

LABELS = ("NORMAL", "PNEUMONIA")

# The archive unpacks to `chest_xray`, which holds a second copy of itself.
_ROOTS = ("", "chest_xray", "chest_xray/chest_xray")

_EXPECTED = """\
chest_xray/
  train/
    NORMAL/IM-0115-0001.jpeg ...
    PNEUMONIA/person1_bacteria_1.jpeg ...
  val/ (optional, the same; test/ is never trained on)
or one folder with NORMAL/ and PNEUMONIA/ in it."""

_HOW_TO_GET = """\
The chest X-rays come from Kaggle, which asks for an account. With its command line tool:
  kaggle datasets download -d paultimothymooney/chest-xray-pneumonia --unzip -p DIR
  quartet train pneumonia --data DIR/chest_xray"""

_PATIENT = re.compile(r"person(\d+)_", re.IGNORECASE)
_STUDY = re.compile(r"(?:NORMAL2-)?IM-(\d+)-", re.IGNORECASE)


def discover(path: Path | None) -> Source:
    """Find X-rays in Kaggle's root folder, or in one folder of classes such as `train`.

    Of the root `train` and `val` are read, `test` never: `val` has 16 pictures, too few to validate on. A
    patient's pictures, a study's and exact copies share a group.

    Raises:
        DatasetError: there is no path, nothing there, no known layout, or only one of the two classes.
    """
    if path is None:
        raise DatasetError(_HOW_TO_GET)
    require_folder(path, _EXPECTED)
    class_folders = _class_folders(path)
    if not class_folders:
        raise unrecognised(path, _EXPECTED)
    root = Path(os.path.commonpath([folder.parent for _, folder in class_folders]))
    labelled = [(label, file) for label, folder in class_folders for file in pictures_in(folder)]
    examples = picture_examples(labelled, root, _group_in_name)
    require_pictures(examples, LABELS, root, _EXPECTED)
    return Source("chest_xray", LABELS, "patient or study, and exact copies", examples)


def _class_folders(path: Path) -> list[tuple[str, Path]]:
    for root in (path / below for below in _ROOTS):
        if not root.is_dir():
            continue
        if here := _classes_in(root):
            return here
        if train := [found for folder in subfolders(root, "train") for found in _classes_in(folder)]:
            return train + [found for folder in subfolders(root, "val") for found in _classes_in(folder)]
    return []


def _classes_in(folder: Path) -> list[tuple[str, Path]]:
    return [(label, found) for label in LABELS for found in subfolders(folder, label.lower())]


def _group_in_name(file_name: str) -> str | None:
    if match := _PATIENT.match(file_name):
        return f"patient {int(match[1])}"
    # Whether IM-0400 and NORMAL2-IM-0400 are one study is not published; together they cannot leak.
    if match := _STUDY.match(file_name):
        return f"study {int(match[1])}"
    return None
