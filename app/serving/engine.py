"""What runs a model: arrays in, arrays out. Knows one model folder; not queues, not HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Batch = NDArray[np.uint8] | NDArray[np.object_]
"""Pictures uint8 `[B, H, W, C]`, or texts as str objects `[B]`."""

Explanation = dict[str, NDArray[Any]]
"""What an answer rests on: of pictures `heatmap` float32 `[B, h, w]`; of texts `words` UTF-8 bytes `[B, n]` and
`evidence` float32 `[B, n]`."""

Explain = Callable[[Batch], Explanation]
"""Explains the answer to each item of a batch."""


@dataclass(frozen=True)
class Scheduling:
    """How an engine is best kept busy.

    `in_batches`: by batches gathered from several requests; else by several callers side by side, each with its own
    input. `inline_size`: requests up to this size, in bytes, or characters where they are decoded already, are answered
    sooner than they could be handed to a thread.
    """

    in_batches: bool = False
    inline_size: int = 0


@dataclass(frozen=True)
class Outputs:
    """What a model says of a batch: `probabilities` float32 `[B, K]`, `ood_score` float32 `[B]`."""

    probabilities: NDArray[np.float32]
    ood_score: NDArray[np.float32]


class Engine(Protocol):
    """A loaded model, safe to call from several threads.

    It refers to nothing that refers to it, so that it is freed with the last request that uses it.
    """

    name: str
    scheduling: Scheduling

    @property
    def explain(self) -> Explain | None:
        """What explains an answer; None where the model has no explanation."""
        ...

    def run(self, batch: Batch) -> Outputs:
        """Answer for each item of a batch, in order."""
        ...


EngineLoader = Callable[[Path], Engine]
"""Loads the model of a verified folder."""
