import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from training.datasets.base import DatasetError
from training.datasets.contents import dataset_digest
from training.datasets.mnist import discover

TRAIN = np.arange(6 * 28 * 28, dtype=np.uint8).reshape(6, 28, 28) + np.arange(6, dtype=np.uint8)[:, None, None]
TRAIN_LABELS = np.array([5, 0, 4, 1, 9, 2], np.uint8)
TEST = TRAIN[:3] + 100
TEST_LABELS = np.array([7, 2, 1], np.uint8)


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    path = tmp_path / "mnist.npz"
    np.savez(path, x_train=TRAIN, y_train=TRAIN_LABELS, x_test=TEST, y_test=TEST_LABELS)
    return path


def write_idx(path: Path, array: np.ndarray) -> None:
    data = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def labels(path: Path | None) -> list[str]:
    return [example.label for example in discover(path).examples]


def test_the_training_arrays_of_the_npz_are_read(npz: Path):
    source = discover(npz)
    assert source.labels == tuple("0123456789")
    assert labels(npz) == ["5", "0", "4", "1", "9", "2"]
    np.testing.assert_array_equal(source.examples[3].payload, TRAIN[3])


def test_the_folder_of_the_npz_is_read_too(npz: Path):
    np.savez(npz.with_name("imdb.npz"), x_train=TRAIN)
    assert labels(npz.parent) == labels(npz)


def test_the_test_part_is_read_only_by_name(npz: Path):
    assert labels(npz / "test") == ["7", "2", "1"]
    assert labels(npz.parent / "test") == ["7", "2", "1"]
    assert labels(npz / "train") == labels(npz)


def test_an_npz_of_training_arrays_alone_is_read_and_has_no_test_part(tmp_path: Path):
    path = tmp_path / "mnist_train.npz"
    np.savez(path, x_train=TRAIN, y_train=TRAIN_LABELS)
    assert labels(path) == ["5", "0", "4", "1", "9", "2"]
    with pytest.raises(DatasetError, match="no layout known"):
        discover(path / "test")


def test_an_npz_of_test_arrays_alone_gives_these(tmp_path: Path):
    path = tmp_path / "mnist_test.npz"
    np.savez(path, x_test=TEST, y_test=TEST_LABELS)
    assert labels(path) == ["7", "2", "1"]


@pytest.mark.parametrize("ending", ["-idx{}-ubyte", "-idx{}-ubyte.gz", ".idx{}-ubyte"])
def test_the_original_files_are_read(tmp_path: Path, npz: Path, ending: str):
    folder = tmp_path / "idx"
    folder.mkdir()
    write_idx(folder / f"train-images{ending.format(3)}", TRAIN)
    write_idx(folder / f"train-labels{ending.format(1)}", TRAIN_LABELS)
    write_idx(folder / f"t10k-images{ending.format(3)}", TEST)
    write_idx(folder / f"t10k-labels{ending.format(1)}", TEST_LABELS)
    assert dataset_digest(discover(folder).examples) == dataset_digest(discover(npz).examples)
    assert dataset_digest(discover(folder / "test").examples) == dataset_digest(discover(npz / "test").examples)


def test_exact_copies_share_a_group(tmp_path: Path):
    np.savez(tmp_path / "mnist.npz", x_train=TRAIN[[0, 1, 0]], y_train=TRAIN_LABELS[:3])
    groups = [example.group for example in discover(tmp_path).examples]
    assert groups[0] == groups[2] != groups[1]


@pytest.mark.parametrize(
    ("images", "digits", "message"),
    [
        (TRAIN.astype(np.float32), TRAIN_LABELS, "float32"),
        (TRAIN.reshape(6, 784), TRAIN_LABELS, r"\[6, 784\]"),
        (TRAIN, TRAIN_LABELS[:5], r"\[5\]"),
        (TRAIN, TRAIN_LABELS + 5, "has 10, 14"),
        (TRAIN, TRAIN_LABELS * 0, "6 of one or none"),
        (TRAIN[:0], TRAIN_LABELS[:0], "0 of one or none"),
    ],
)
def test_arrays_that_are_not_mnist_are_an_error(tmp_path: Path, images, digits, message: str):
    np.savez(tmp_path / "mnist.npz", x_train=images, y_train=digits)
    with pytest.raises(DatasetError, match=message):
        discover(tmp_path)


def test_a_folder_without_mnist_is_an_error_that_shows_the_layout(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"it is empty(.|\n)*mnist\.npz with x_train"):
        discover(tmp_path)


def test_a_missing_path_is_an_error(tmp_path: Path):
    with pytest.raises(DatasetError, match="nothing at"):
        discover(tmp_path / "mnist.npz")


def test_without_a_path_keras_downloads_the_training_part(monkeypatch: pytest.MonkeyPatch, npz: Path):
    monkeypatch.setattr("keras.datasets.mnist.load_data", lambda: ((TRAIN, TRAIN_LABELS), (TEST, TEST_LABELS)))
    assert dataset_digest(discover(None).examples) == dataset_digest(discover(npz).examples)


def test_a_failed_download_is_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch):
    def no_internet() -> None:
        raise Exception("URL fetch failure on mnist.npz: None -- Name or service not known")  # noqa: TRY002

    monkeypatch.setattr("keras.datasets.mnist.load_data", no_internet)
    with pytest.raises(DatasetError, match=r"not known\n.*--data mnist\.npz"):
        discover(None)
