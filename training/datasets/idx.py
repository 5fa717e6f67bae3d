"""The IDX format in which MNIST was published: a magic number, the sizes, then the bytes."""

import gzip
import struct
import zlib
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.datasets.base import DatasetError

_UNSIGNED_BYTES = 0x08


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Return the array of an IDX file of unsigned bytes, gzipped if its name ends in `.gz`.

    The format is LeCun's: two zero bytes, the type, the number of dimensions, each size as big-endian uint32.

    Raises:
        DatasetError: the file is not such a file, or is cut short.
    """
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        zeros, kind, dimensions = struct.unpack_from(">HBB", data)
        shape = struct.unpack_from(f">{dimensions}I", data, 4)
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise DatasetError(f"{path} cannot be read as an IDX file: {error}") from error
    header = 4 + 4 * dimensions
    if zeros != 0 or kind != _UNSIGNED_BYTES or len(data) != header + prod(shape):
        raise DatasetError(f"{path} is not an IDX file of unsigned bytes, or not a whole one")
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)
