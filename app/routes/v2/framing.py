"""Triton's binary tensor data extension: the JSON of a message, then the bytes of its binary tensors."""

from collections.abc import Sequence

from app.problem_types import MALFORMED
from app.problems import ProblemError
from app.whole_number import whole_number

JSON_LENGTH_HEADER = "Inference-Header-Content-Length"

_MAX_DIGITS = 12


def json_length(stated: str | None, body_bytes: int) -> int:
    """Return how many bytes of a body its JSON has: all, unless the header states it.

    Raises:
        ProblemError: it states no number, or more than there are.
    """
    if stated is None:
        return body_bytes
    length = whole_number(stated, _MAX_DIGITS)
    if length is None:
        raise ProblemError(MALFORMED, f"The header {JSON_LENGTH_HEADER} must be a whole number of bytes.")
    if length > body_bytes:
        raise ProblemError(
            MALFORMED, f"The header {JSON_LENGTH_HEADER} states {length:,} bytes of JSON; the body has {body_bytes:,}."
        )
    return length


def cut(binary: memoryview, sizes: Sequence[int]) -> list[memoryview]:
    """Return the bytes of each binary tensor, nothing copied.

    Raises:
        ProblemError: they have not the sizes that are stated.
    """
    if sum(sizes) != len(binary):
        raise ProblemError(
            MALFORMED,
            f"The inputs' binary_data_size add up to {sum(sizes):,} bytes; {len(binary):,} follow the JSON, of which "
            f"{JSON_LENGTH_HEADER} states the length.",
        )
    parts = []
    start = 0
    for size in sizes:
        parts.append(binary[start : start + size])
        start += size
    return parts
