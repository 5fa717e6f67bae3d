"""The engine that answers for texts with NumPy alone, from the arrays that a linear text model carries."""

import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.serving.engine import Batch, Explain, Explanation, Outputs, Scheduling
from app.serving.linear_text import load_linear_text
from app.serving.signatures import checked_outputs
from app.serving.words import is_number, words_of

INLINE_SIZE = 8192
"""A text of 2 KB takes a fifth of a millisecond, much as a thread that takes turns with the event loop does."""

LEAST_NORM = 1e-12
"""Of a text's squared length, where TensorFlow's `l2_normalize` stops dividing."""


class LinearTextEngine:
    """Computes what the SavedModel beside the arrays computes, without its string operations.

    Args:
        folder: the model folder, already verified.

    Raises:
        OSError: the folder carries no such arrays.
        ValueError: they are damaged or do not fit together.
    """

    name = "numpy"
    scheduling = Scheduling(inline_size=INLINE_SIZE)

    def __init__(self, folder: Path) -> None:
        self._model = load_linear_text(folder)
        self._positions = {feature: position for position, feature in enumerate(self._model.features)}
        self._openings = {n: _without_prefix(f"{n}^", self._positions) for n in self._model.openings}
        self._is_number = {word: is_number(word) for word in self._model.words}

    @property
    def explain(self) -> Explain | None:
        """What explains an answer: the arrays do."""
        return self._explain

    def run(self, batch: Batch) -> Outputs:
        """Answer for each text of a batch."""
        probabilities = np.empty((len(batch), len(self._model.bias)), np.float32)
        scores = np.empty(len(batch), np.float32)
        for number, text in enumerate(batch):
            row = words_of(text)
            counts = Counter(row)
            probabilities[number] = self._probabilities(self._logits(*self._features(row, counts)))
            scores[number] = self._unknown_share(counts, len(row))
        return checked_outputs({"probabilities": probabilities, "ood_score": scores})

    def _explain(self, batch: Batch) -> Explanation:
        """Return each text's words, in order of first appearance, and what all features of each add to the margin."""
        rows = [self._evidence(words_of(text)) for text in batch]
        width = max(len(row) for row in rows)
        return {
            "words": np.array([_padded([word.encode() for word in row], width, b"") for row in rows], object),
            "evidence": np.array([_padded(list(row.values()), width, 0.0) for row in rows], np.float32),
        }

    def _features(self, row: list[str], words: Counter[str]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the positions of the features that a text has, and their TF-IDF values, of unit length together.

        Plain loops over the distinct words: of the few hundred that a text has, NumPy's own calls take longer.
        """
        present, counts = _looked_up(words, self._positions)
        for n, positions in self._openings.items():
            more, again = _looked_up(Counter(row[:n]), positions)
            present += more
            counts += again
        features = np.array(present, np.int64)
        values = (1 + np.log(np.array(counts, np.float32))) * self._model.idf[features]
        return features, values / math.sqrt(max(float(values @ values), LEAST_NORM))

    def _logits(self, present: NDArray[np.int64], values: NDArray[np.float32]) -> NDArray[np.float32]:
        margins = values @ self._model.weights[present] + self._model.bias
        # The logarithm of the sigmoid.
        logits: NDArray[np.float32] = -np.logaddexp(
            np.float32(0), -(self._model.slope * margins + self._model.offset), dtype=np.float32
        )
        return logits

    def _probabilities(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        scaled = logits / np.float32(self._model.temperature)
        powers: NDArray[np.float32] = np.exp(scaled - scaled.max())
        powers /= powers.sum()
        return powers

    def _unknown_share(self, words: Counter[str], length: int) -> float:
        """Return the share of words that training did not have, shrunk towards its own; a text without words has 1."""
        numbers = unknown = 0
        for word, count in words.items():
            kind = self._is_number.get(word)
            if kind is False:
                continue
            if kind or is_number(word):
                numbers += count
            else:
                unknown += count
        total = length - numbers
        if not total:
            return 1.0
        weight = self._model.unknown_weight
        return (unknown + weight * self._model.unknown_share) / (total + weight)

    def _evidence(self, row: list[str]) -> dict[str, float]:
        present, values = self._features(row, Counter(row))
        answered = int(np.argmax(self._logits(present, values)))
        weights = self._model.weights[present]
        terms = dict(zip(present.tolist(), (values * (weights[:, answered] - weights.mean(1))).tolist(), strict=True))
        prefixes = ["", *(f"{n}^" for n in self._model.openings)]
        return {
            word: sum(terms.get(self._positions.get(prefix + word, -1), 0.0) for prefix in prefixes)
            for word in dict.fromkeys(row)
        }


def _looked_up(words: Counter[str], positions: Mapping[str, int]) -> tuple[list[int], list[int]]:
    """Return the positions of the words that have one, and how often each of these is there."""
    found = [(position, count) for word, count in words.items() if (position := positions.get(word)) is not None]
    return [position for position, _ in found], [count for _, count in found]


def _without_prefix(prefix: str, positions: Mapping[str, int]) -> dict[str, int]:
    return {name.removeprefix(prefix): position for name, position in positions.items() if name.startswith(prefix)}


def _padded(row: list[bytes] | list[float], width: int, filler: bytes | float) -> list[bytes | float]:
    return [*row, *[filler] * (width - len(row))]
