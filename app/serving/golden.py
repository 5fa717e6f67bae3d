"""Inputs made at export and the answers they had: an engine that does not reproduce them is not used."""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from app.serving.artifact import GOLDEN_FILE
from app.serving.engine import Batch, Outputs
from app.serving.errors import ArtifactError

PROBABILITY_TOLERANCE = 1e-3
"""Largest difference in a probability: wide enough for another CPU's rounding, far below any real change.

Within it a label can differ only where the two likeliest were less than twice as much apart.
"""

SCORE_RELATIVE_TOLERANCE = 1e-2
SCORE_ABSOLUTE_TOLERANCE = 1e-4
"""Allows a score near zero, where a relative tolerance would allow nothing."""


@dataclass(frozen=True)
class Golden:
    """Inputs and the answers they had.

    `inputs` is uint8 `[N, H, W, C]` or str objects `[N]`, `probabilities` float32 `[N, K]` and `ood_score`
    float32 `[N]`.
    """

    inputs: Batch
    probabilities: NDArray[np.float32]
    ood_score: NDArray[np.float32]


def save_golden(path: Path, golden: Golden) -> None:
    """Write a golden file. Texts are stored as fixed-width unicode, so that reading it needs no pickle."""
    inputs = golden.inputs.astype(np.str_) if golden.inputs.dtype == object else golden.inputs
    np.savez_compressed(path, inputs=inputs, probabilities=golden.probabilities, ood_score=golden.ood_score)


def load_golden(path: Path) -> Golden:
    """Read a golden file.

    Raises:
        ArtifactError: it cannot be read, holds nothing, or its arrays do not fit together.
    """
    try:
        # Opened here because NumPy leaves the file open when its content is not a zip archive.
        with path.open("rb") as file:
            arrays = np.load(file, allow_pickle=False)
            if not isinstance(arrays, NpzFile):
                raise ValueError("not an archive of arrays")  # noqa: TRY301, TRY004 - a wrong file, not a wrong call
            golden = Golden(
                _inputs(arrays["inputs"]), _floats(arrays["probabilities"], 2), _floats(arrays["ood_score"], 1)
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        # An OSError names the path, which clients would read.
        reason = error.strerror if isinstance(error, OSError) else error
        raise ArtifactError(GOLDEN_FILE, f"cannot be read: {reason}") from error
    counts = {len(golden.inputs), len(golden.probabilities), len(golden.ood_score)}
    if len(counts) != 1 or counts == {0} or golden.probabilities.shape[1] < 2:
        raise ArtifactError(GOLDEN_FILE, "must hold one answer over two labels or more for each of its inputs")
    return golden


def check_golden(golden: Golden, outputs: Outputs) -> None:
    """Compare a model's answers to the golden inputs with those at export.

    Raises:
        ArtifactError: a shape, a probability or a score differs by more than the tolerance.
    """
    expected, got = golden.probabilities, outputs.probabilities
    if got.shape != expected.shape or outputs.ood_score.shape != golden.ood_score.shape:
        raise ArtifactError(GOLDEN_FILE, f"the model answers with shape {got.shape}, not {expected.shape}")
    difference = np.abs(got - expected).max()
    # Written so that a NaN fails too.
    if not difference <= PROBABILITY_TOLERANCE:
        raise ArtifactError(
            GOLDEN_FILE, f"a probability differs by {difference:.2g}, more than {PROBABILITY_TOLERANCE:g}"
        )
    allowed = SCORE_RELATIVE_TOLERANCE * np.abs(golden.ood_score) + SCORE_ABSOLUTE_TOLERANCE
    if not (np.abs(outputs.ood_score - golden.ood_score) <= allowed).all():
        raise ArtifactError(GOLDEN_FILE, f"an ood_score differs by more than {SCORE_RELATIVE_TOLERANCE:.0%}")


def _inputs(array: NDArray[np.generic]) -> Batch:
    if array.dtype.kind == "U" and array.ndim == 1:
        return array.astype(object)
    if array.dtype == np.uint8 and array.ndim == 4:
        return array.astype(np.uint8, copy=False)
    raise ValueError(f"inputs of dtype {array.dtype} and shape {array.shape}")


def _floats(array: NDArray[np.generic], dimensions: int) -> NDArray[np.float32]:
    if array.dtype != np.float32 or array.ndim != dimensions:
        raise ValueError(f"an array of dtype {array.dtype} and shape {array.shape}")
    return array.astype(np.float32, copy=False)
