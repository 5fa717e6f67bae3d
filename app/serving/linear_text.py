"""A linear text model as plain arrays: what a model folder carries beside its SavedModel so that no graph is needed."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LINEAR_TEXT_FILE = "assets.extra/linear_text.npz"
"""`assets.extra` is where a SavedModel keeps what its graph does not load (tensorflow.org, "SavedModel format")."""

FEATURES_FILE = "assets/features.txt"
WORDS_FILE = "assets/words.txt"

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class LinearText:
    """Sublinear TF-IDF of a text's words and of its opening words, a linear layer, a sigmoid and a temperature.

    `features` are the V words that count; `N^WORD` is WORD among the first N words, for each N of `openings`.
    `idf` is `[V]`, `weights` `[V, K]`, `bias` `[K]`. Probabilities are
    `softmax(log(sigmoid(slope * margin + offset)) / temperature)`.

    `words` are those that the training texts had; `unknown_share` is how large a part of their own words was none of
    these, and `unknown_weight` how many words that expectation counts as.
    """

    features: tuple[str, ...]
    words: tuple[str, ...]
    openings: tuple[int, ...]
    idf: Floats
    weights: Floats
    bias: Floats
    slope: float
    offset: float
    temperature: float
    unknown_share: float
    unknown_weight: float

    def __post_init__(self) -> None:
        size, labels = len(self.features), len(self.bias)
        if self.idf.shape != (size,) or self.weights.shape != (size, labels):
            raise ValueError(f"{size} features and {labels} labels do not fit weights of shape {self.weights.shape}")


def save_linear_text(folder: Path, model: LinearText) -> None:
    """Write the arrays into a model folder whose SavedModel has the features and the words as assets already."""
    path = folder / LINEAR_TEXT_FILE
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(
        path,
        openings=np.array(model.openings, np.int64),
        idf=model.idf,
        weights=model.weights,
        bias=model.bias,
        slope=np.float64(model.slope),
        offset=np.float64(model.offset),
        temperature=np.float64(model.temperature),
        unknown_share=np.float64(model.unknown_share),
        unknown_weight=np.float64(model.unknown_weight),
    )


def load_linear_text(folder: Path) -> LinearText:
    """Read the arrays of a model folder.

    Raises:
        OSError: a file is missing.
        ValueError: a file is damaged, or the arrays do not fit together.
    """
    try:
        # Opened here because NumPy leaves the file open when its content is not a zip archive.
        with (folder / LINEAR_TEXT_FILE).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return LinearText(
                features=_lines(folder / FEATURES_FILE),
                words=_lines(folder / WORDS_FILE),
                openings=tuple(arrays["openings"].tolist()),
                idf=arrays["idf"].astype(np.float32, copy=False),
                weights=np.ascontiguousarray(arrays["weights"], np.float32),
                bias=arrays["bias"].astype(np.float32, copy=False),
                slope=float(arrays["slope"]),
                offset=float(arrays["offset"]),
                temperature=float(arrays["temperature"]),
                unknown_share=float(arrays["unknown_share"]),
                unknown_weight=float(arrays["unknown_weight"]),
            )
    except (KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{LINEAR_TEXT_FILE} is damaged: {error}") from error


def _lines(path: Path) -> tuple[str, ...]:
    # Only a line feed ends a word: `str.splitlines` would also split at others of Unicode's line ends.
    return tuple(path.read_text(encoding="utf-8").removesuffix("\n").split("\n"))
