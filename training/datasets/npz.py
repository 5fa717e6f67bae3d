"""NumPy archives read without running what a pickle inside them may ask for."""

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.datasets.base import DatasetError

# What rebuilding an object array of plain lists needs, under NumPy 1's name of the module and NumPy 2's.
_ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
}


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of an .npz file. Arrays of objects may hold lists and numbers, nothing else.

    Raises:
        DatasetError: the file is no .npz, is damaged, or asks for more than arrays.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return {
                name.removesuffix(".npy"): _read_npy(archive.read(name))
                for name in archive.namelist()
                if name.endswith(".npy")
            }
    except Exception as error:  # damaged bytes make the three formats involved raise almost anything
        raise DatasetError(f"{path} cannot be read as an .npz file: {error}") from error


def _read_npy(data: bytes) -> NDArray[Any]:
    stream = io.BytesIO(data)
    if _dtype(stream).hasobject:
        array = _ArrayUnpickler(stream).load()
        if not isinstance(array, np.ndarray):
            raise ValueError("it holds an object that is no array")
        return array
    stream.seek(0)
    return np.lib.format.read_array(stream, allow_pickle=False)


def _dtype(stream: io.BytesIO) -> np.dtype[Any]:
    """Read the header and leave the stream at the data. Version 3 is 2 with UTF-8 in field names."""
    if np.lib.format.read_magic(stream) == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)[2]
    return np.lib.format.read_array_header_2_0(stream)[2]


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not an array")
        return super().find_class(module, name)
