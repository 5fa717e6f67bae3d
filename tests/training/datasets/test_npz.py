import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.datasets.base import DatasetError
from training.datasets.npz import read_npz


class RunsACommand:
    def __reduce__(self):
        return os.system, ("exit 1",)


def object_array(*items: object) -> np.ndarray:
    array = np.empty(len(items), object)
    array[:] = items
    return array


def test_plain_arrays_and_lists_of_numbers_are_read(tmp_path: Path):
    path = tmp_path / "data.npz"
    np.savez(path, x=object_array([1, 2, 3], [4], []), y=np.array([3, 1, 2]))
    arrays = read_npz(path)
    assert arrays["x"].tolist() == [[1, 2, 3], [4], []]
    assert arrays["y"].tolist() == [3, 1, 2]


def test_an_array_in_a_newer_header_version_is_read(tmp_path: Path):
    path = tmp_path / "data.npz"
    with zipfile.ZipFile(path, "w") as archive, archive.open("x.npy", "w") as member:
        np.lib.format.write_array(member, object_array([1, 2]), version=(2, 0))
    assert read_npz(path)["x"].tolist() == [[1, 2]]


def test_a_pickle_that_would_run_a_command_is_refused(tmp_path: Path):
    path = tmp_path / "data.npz"
    np.savez(path, x=object_array(RunsACommand()))
    with pytest.raises(DatasetError, match=r"system, which is not an array"):
        read_npz(path)


@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes):
    path = tmp_path_factory.mktemp("npz") / "data.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", data)
    with pytest.raises(DatasetError, match=r"cannot be read as an \.npz"):
        read_npz(path)


def test_a_truncated_file_is_refused(tmp_path: Path):
    path = tmp_path / "data.npz"
    np.savez(path, x=np.zeros(1000))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(DatasetError, match=r"cannot be read as an \.npz"):
        read_npz(path)
