from pathlib import Path

import numpy as np
import pytest

from app.serving.engine import Outputs
from app.serving.errors import ArtifactError
from app.serving.golden import Golden, check_golden, load_golden, save_golden

PROBABILITIES = np.array([[0.9, 0.1], [0.5005, 0.4995]], np.float32)
SCORES = np.array([1.0, 0.0], np.float32)
SINGLE_ARRAY = (
    b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n\x07"
)
PICTURES = np.arange(2 * 4 * 4, dtype=np.uint8).reshape(2, 4, 4, 1)


@pytest.fixture
def golden() -> Golden:
    return Golden(PICTURES, PROBABILITIES, SCORES)


def test_pictures_come_back_as_they_were_saved(tmp_path: Path, golden: Golden) -> None:
    save_golden(tmp_path / "golden.npz", golden)
    loaded = load_golden(tmp_path / "golden.npz")
    assert loaded.inputs.dtype == np.uint8
    np.testing.assert_array_equal(loaded.inputs, PICTURES)
    np.testing.assert_array_equal(loaded.probabilities, PROBABILITIES)
    np.testing.assert_array_equal(loaded.ood_score, SCORES)


def test_texts_come_back_as_they_were_saved(tmp_path: Path) -> None:
    texts = np.array(["", "naïve 油 prices\nrose"], dtype=object)
    save_golden(tmp_path / "golden.npz", Golden(texts, PROBABILITIES, SCORES))
    assert load_golden(tmp_path / "golden.npz").inputs.tolist() == texts.tolist()


def test_the_same_answers_pass(golden: Golden) -> None:
    check_golden(golden, Outputs(PROBABILITIES.copy(), SCORES.copy()))


def test_another_machines_rounding_passes(golden: Golden) -> None:
    check_golden(golden, Outputs(PROBABILITIES + np.float32(5e-4), SCORES * np.float32(1.005)))


def test_labels_that_were_all_but_tied_may_swap(golden: Golden) -> None:
    swapped = PROBABILITIES.copy()
    swapped[1] = [0.4999, 0.5001]
    check_golden(golden, Outputs(swapped, SCORES))


@pytest.mark.parametrize(
    ("probabilities", "scores", "reason"),
    [
        (PROBABILITIES + np.float32(2e-3), SCORES, "a probability differs by 0.002"),
        (PROBABILITIES[:, ::-1], SCORES, "a probability differs by 0.8"),
        (PROBABILITIES * np.float32("nan"), SCORES, "a probability differs by nan"),
        (PROBABILITIES, SCORES + np.float32(0.02), "an ood_score differs"),
        (PROBABILITIES, SCORES * np.float32("nan"), "an ood_score differs"),
        (PROBABILITIES[:1], SCORES[:1], r"the model answers with shape \(1, 2\), not \(2, 2\)"),
        (PROBABILITIES, SCORES[:, None], "the model answers with shape"),
    ],
)
def test_other_answers_are_refused(golden: Golden, probabilities: np.ndarray, scores: np.ndarray, reason: str) -> None:
    with pytest.raises(ArtifactError, match=reason):
        check_golden(golden, Outputs(probabilities, scores))


@pytest.mark.parametrize(
    "arrays",
    [
        {"inputs": PICTURES, "probabilities": PROBABILITIES},
        {"inputs": PICTURES.astype(np.float32), "probabilities": PROBABILITIES, "ood_score": SCORES},
        {"inputs": PICTURES, "probabilities": PROBABILITIES.astype(np.float64), "ood_score": SCORES},
        {"inputs": PICTURES[:1], "probabilities": PROBABILITIES, "ood_score": SCORES},
        {"inputs": PICTURES[:0], "probabilities": PROBABILITIES[:0], "ood_score": SCORES[:0]},
        {"inputs": PICTURES, "probabilities": PROBABILITIES[:, :1], "ood_score": SCORES},
    ],
    ids=["no-scores", "float-pictures", "double-probabilities", "fewer-inputs", "nothing", "one-label"],
)
def test_a_file_of_other_arrays_is_refused(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(tmp_path / "golden.npz", **arrays)
    with pytest.raises(ArtifactError, match=r"^golden\.npz: "):
        load_golden(tmp_path / "golden.npz")


def test_a_pickle_in_the_file_is_refused_not_run(tmp_path: Path) -> None:
    objects = np.array([{"a": 1}, None], dtype=object)
    np.savez(tmp_path / "golden.npz", inputs=objects, probabilities=PROBABILITIES, ood_score=SCORES)
    with pytest.raises(ArtifactError, match="allow_pickle"):
        load_golden(tmp_path / "golden.npz")


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 half a zip", SINGLE_ARRAY])
def test_a_file_that_is_not_of_the_format_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "golden.npz").write_bytes(content)
    with pytest.raises(ArtifactError, match="cannot be read"):
        load_golden(tmp_path / "golden.npz")
