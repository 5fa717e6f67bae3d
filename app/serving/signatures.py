"""What every engine asks of a SavedModel's signatures, and of the numbers that come out of them."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.serving.engine import Outputs

EXPLAIN_SIGNATURE = "explain"
INPUT = "inputs"
OUTPUTS = ("probabilities", "ood_score")
PICTURE_EVIDENCE = ("heatmap",)
TEXT_EVIDENCE = ("words", "evidence")


def check_signature(name: str, inputs: Collection[str], found: Collection[str], outputs: tuple[str, ...]) -> None:
    """Check that a signature takes one input called `inputs` and has the outputs that are needed.

    Raises:
        ValueError: it does not.
    """
    if set(inputs) != {INPUT}:
        raise ValueError(f"signature {name!r} takes {sorted(inputs)}, not one input named {INPUT!r}")
    missing = set(outputs) - set(found)
    if missing:
        raise ValueError(f"signature {name!r} lacks the outputs {sorted(missing)}")


def checked_outputs(arrays: Mapping[str, NDArray[Any]]) -> Outputs:
    """Return the outputs of `serving_default` as float32.

    Raises:
        FloatingPointError: a number is not finite.
    """
    found = [np.asarray(arrays[name], np.float32) for name in OUTPUTS]
    if not all(np.isfinite(array).all() for array in found):
        raise FloatingPointError("the model gave a number that is not finite")
    return Outputs(*found)
