"""How unlike the training data an input is: scores over its features, and the threshold on them."""

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

NEIGHBOUR = 10
"""Which nearest neighbour's distance is the score: not the first, so that one odd training picture excuses nothing."""
BANK_ROWS = 2500
BANK_DIRECTIONS = 128
"""2,500 rows of 128 numbers and the directions of 1,280 features take 0.97 MB in half precision."""


class OodScorer(Protocol):
    """Gives each input of a batch one number, larger the stranger it is."""

    method: str

    def __call__(self, inputs: Any, features: Any, /) -> Any:
        """Map raw inputs and features float32 `[B, D]` to scores float32 `[B]`."""
        ...


class NeighbourScorer(tf.Module):
    """The distance of an input's features, at unit length, from the k-th nearest of a bank of training examples'.

    Sun et al. 2022 (arXiv:2204.06507). The bank is kept along its principal directions alone and in half precision;
    what features have beside those is distance. 0 is the same direction, sqrt(2) one that the bank knows nothing of.
    """

    def __init__(self, bank: NDArray[np.float32], neighbour: int = NEIGHBOUR, directions: int = BANK_DIRECTIONS):
        """Take the features of the bank float32 `[M, D]`, of any length."""
        super().__init__()
        self.neighbour = min(neighbour, len(bank))
        self.method = (
            f"distance of the penultimate features, at unit length, from the {self.neighbour}th nearest of "
            f"{len(bank):,} training examples'"
        )
        unit = np.asarray(_unit_length(tf.constant(bank)), np.float64)
        # Ascending by how much of the bank lies along them; not centred, so that cosines stay cosines.
        basis = np.linalg.eigh(unit.T @ unit)[1][:, -directions:]
        self.basis = tf.Variable(tf.cast(basis, tf.float16), trainable=False, name="ood_basis")
        self.bank = tf.Variable(tf.cast(unit @ basis, tf.float16), trainable=False, name="ood_bank")

    def __call__(self, _: Any, features: Any) -> Any:
        """Return the distance, float32 `[B]`."""
        along = tf.matmul(_unit_length(features), tf.cast(self.basis, tf.float32))
        cosines = tf.matmul(along, tf.cast(self.bank, tf.float32), transpose_b=True)
        nearest = tf.math.top_k(cosines, self.neighbour).values[:, -1]
        # Rounding can make a cosine a hair larger than 1.
        return tf.sqrt(tf.maximum(2.0 - 2.0 * nearest, 0.0))


def _unit_length(features: Any) -> Any:
    return tf.math.l2_normalize(features, -1)


def acceptance_threshold(scores: NDArray[np.float32], accepted: float) -> float:
    """Return the smallest of the scores float32 `[N]` that at least the given share of them does not exceed.

    An interpolated quantile lies below that score, and would accept one input too few.
    """
    return float(np.quantile(scores, accepted, method="inverted_cdf"))


def threshold_accepting_each(parts: Iterable[NDArray[np.float32]], accepted: float) -> float:
    """Return the smallest score that accepts the given share of every part: validation as it is, and under each shift.

    Of every part float32 `[N]` by itself, not of all together: what a camera or an archive does to one picture, it
    does to all of its pictures.
    """
    return max(acceptance_threshold(scores, accepted) for scores in parts)
