"""What a fitted recipe says of a split, in one pass."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.recipes.base import Fitted
from training.recipes.keras_fit import in_batches
from training.shifts import Shift


@dataclass(frozen=True)
class Scored:
    """Logits float32 `[N, K]`, not yet calibrated, and out-of-distribution scores float32 `[N]`."""

    logits: NDArray[np.float32]
    ood_scores: NDArray[np.float32]


class Scorer:
    """A fitted recipe as one graph from raw inputs to logits and scores, traced once for every split it is given."""

    def __init__(self, fitted: Fitted):
        def both(batch: Any) -> Any:
            forward = fitted.network(batch)
            return tf.concat([forward.logits, fitted.scorer(batch, forward.features)[:, None]], 1)

        self._graph = tf.function(both, autograph=False, reduce_retracing=True)

    def __call__(self, inputs: NDArray[Any]) -> Scored:
        """Score raw inputs `[N, ...]`."""
        columns = in_batches(self._graph, inputs)
        return Scored(columns[:, :-1], columns[:, -1])

    def shifted(self, images: NDArray[np.uint8], shifts: Iterable[Shift]) -> dict[str, Scored]:
        """Score pictures uint8 `[N, H, W, C]` under each shift, by its name."""
        return {shift.name: self(shift(images)) for shift in shifts}
