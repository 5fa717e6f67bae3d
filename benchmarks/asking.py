"""Ask the running service about many inputs and keep what matters here: the score, and whether it was refused."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from itertools import chain
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

MOST_ITEMS = 16
MOST_BYTES = 8 * 2**20
"""Of one request; both well below what the service takes by default."""
AT_ONCE = 4
REFUSALS = frozenset((HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.UNSUPPORTED_MEDIA_TYPE))

Payloads = Sequence[bytes | str]


@dataclass(frozen=True)
class Answers:
    """What came of one set. `scores` float64 `[answered]` and `flagged` bool `[answered]` leave out those refused.

    A refusal (no ink on the page, say) is as good as a flag: no answer is given that could mislead.
    """

    scores: NDArray[np.float64]
    flagged: NDArray[np.bool_]
    refused: int

    @property
    def count(self) -> int:
        """Inputs sent."""
        return len(self.scores) + self.refused

    @property
    def rejected(self) -> int:
        """Inputs flagged or refused."""
        return int(self.flagged.sum()) + self.refused


def ask(client: httpx.Client, task: str, payloads: Payloads) -> Answers:
    """POST inputs to `/predict/{task}/batch`, several requests at a time.

    Raises:
        httpx.HTTPStatusError: the service refused a whole batch.
        RuntimeError: one input failed otherwise than by being refused as unreadable.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(chain.from_iterable(pool.map(lambda part: _ask_batch(client, task, part), _batches(payloads))))
    answered = [answer for answer in answers if "ood_score" in answer]
    failed = [answer for answer in answers if "ood_score" not in answer]
    for answer in failed:
        if answer["status"] not in REFUSALS:
            raise RuntimeError(f"{task}: {answer}")
    return Answers(
        np.array([answer["ood_score"] for answer in answered], np.float64),
        np.array([not answer["in_distribution"] for answer in answered], np.bool_),
        len(failed),
    )


def _ask_batch(client: httpx.Client, task: str, part: Payloads) -> list[dict[str, Any]]:
    path = f"/predict/{task}/batch"
    if isinstance(part[0], str):
        response = client.post(path, json={"texts": part})
    else:
        response = client.post(path, files=[("files", one) for one in part])
    response.raise_for_status()
    answers: list[dict[str, Any]] = response.json()
    return answers


def _batches(payloads: Payloads) -> Iterator[Payloads]:
    """Cut inputs into parts of at most `MOST_ITEMS`, and of `MOST_BYTES` unless a single input has more."""
    part: list[bytes | str] = []
    size = 0
    for payload in payloads:
        if part and (len(part) == MOST_ITEMS or size + len(payload) > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(payload)
        size += len(payload)
    if part:
        yield part
