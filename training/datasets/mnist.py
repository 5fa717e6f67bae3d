"""MNIST's handwritten digits (LeCun, Cortes, Burges): Keras' mnist.npz, the original files, a download."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.datasets.base import DatasetError, Example, Source
from training.datasets.contents import unite_copies
from training.datasets.files import one_file, require_exists, split_off_part, unrecognised
from training.datasets.idx import read_idx
from training.datasets.npz import read_npz

LABELS = tuple(str(digit) for digit in range(10))

_EXPECTED = """\
mnist.npz with x_train uint8 [N, 28, 28] and y_train [N] (or x_test and y_test), or a folder with it;
or a folder with train-images-idx3-ubyte and train-labels-idx1-ubyte, gzipped or not.
The test part is read only if named: mnist.npz/test, or FOLDER/test."""

_IDX_PREFIX = {"train": "train", "test": "t10k"}

_Arrays = tuple[NDArray[Any], NDArray[Any]]


def discover(path: Path | None) -> Source:
    """Find MNIST in an .npz file, a folder, or, without a path, through Keras' download.

    The training part is read. `PATH/test` names the test part; it is also read where there is no other. Exact
    copies share a group.

    Raises:
        DatasetError: nothing is there, it has no known layout, or the download fails.
    """
    if path is None:
        return _source("train", _download())
    place, part = split_off_part(path)
    require_exists(place, _EXPECTED)
    for candidate in (part,) if part else ("train", "test"):
        if arrays := _read_part(place, candidate):
            return _source(candidate, arrays)
    raise unrecognised(place, _EXPECTED)


def _download() -> _Arrays:
    from keras.datasets import mnist

    try:
        (images, labels), _ = mnist.load_data()
    except Exception as error:
        raise DatasetError(
            f"MNIST could not be downloaded: {error}\n"
            "Without internet, bring Keras' mnist.npz here and name it: quartet train digit --data mnist.npz"
        ) from error
    return images, labels


def _read_part(place: Path, part: str) -> _Arrays | None:
    npz = one_file(place, "mnist", (".npz",), part) if place.is_dir() else place
    if npz is None:
        return _read_idx_part(place, part)
    if npz.suffix != ".npz":
        return None
    arrays = read_npz(npz)
    images, labels = arrays.get(f"x_{part}"), arrays.get(f"y_{part}")
    return None if images is None or labels is None else (images, labels)


def _read_idx_part(folder: Path, part: str) -> _Arrays | None:
    images, labels = (_idx_file(folder, f"{_IDX_PREFIX[part]}-{kind}") for kind in ("images-idx3", "labels-idx1"))
    return None if images is None or labels is None else (read_idx(images), read_idx(labels))


def _idx_file(folder: Path, stem: str) -> Path | None:
    # Some unpackers write the dash before `idx` as a dot.
    names = [f"{form}-ubyte{end}" for form in (stem, stem.replace("-idx", ".idx")) for end in ("", ".gz")]
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _source(part: str, arrays: _Arrays) -> Source:
    images, labels = arrays
    if images.dtype != np.uint8 or images.ndim != 3 or labels.shape != images.shape[:1]:
        raise DatasetError(
            f"MNIST's arrays are {images.dtype} {list(images.shape)} and {list(labels.shape)}.\nExpected:\n{_EXPECTED}"
        )
    unknown = sorted({str(label) for label in labels} - set(LABELS))
    if unknown:
        raise DatasetError(f"MNIST's labels are the digits 0 to 9, and this data has {', '.join(unknown[:5])}")
    if len(set(labels.tolist())) < 2:
        raise DatasetError(
            f"pictures of at least two digits are needed, and this data has {len(images)} of one or none"
        )
    examples = [
        Example(name := f"{part}/{index:05}", str(label), name, image)
        for index, (image, label) in enumerate(zip(images, labels, strict=True))
    ]
    return Source("mnist", LABELS, "exact copies", unite_copies(examples))
