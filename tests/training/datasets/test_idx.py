import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.datasets.base import DatasetError
from training.datasets.idx import read_idx

TWO_BY_THREE = b"\0\0\x08\x02" + b"\0\0\0\x02" + b"\0\0\0\x03" + bytes(range(6))


def test_the_sizes_are_read_from_the_header(tmp_path: Path):
    path = tmp_path / "data-idx2-ubyte"
    path.write_bytes(TWO_BY_THREE)
    np.testing.assert_array_equal(read_idx(path), np.arange(6, dtype=np.uint8).reshape(2, 3))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\x08",
        TWO_BY_THREE[:-1],
        TWO_BY_THREE + b"\0",
        b"\0\0\x0d" + TWO_BY_THREE[3:],
        b"\x89PNG\r\n\x1a\n",
    ],
    ids=["empty", "no header", "cut short", "too long", "of floats", "a picture"],
)
def test_other_files_are_refused(tmp_path: Path, data: bytes):
    path = tmp_path / "data-idx2-ubyte"
    path.write_bytes(data)
    with pytest.raises(DatasetError, match="IDX"):
        read_idx(path)


@given(cut=st.integers(0, len(gzip.compress(TWO_BY_THREE)) - 1))
def test_a_truncated_gzip_is_refused(tmp_path_factory: pytest.TempPathFactory, cut: int):
    path = tmp_path_factory.mktemp("idx") / "data.gz"
    path.write_bytes(gzip.compress(TWO_BY_THREE)[:cut])
    with pytest.raises(DatasetError, match="IDX"):
        read_idx(path)
