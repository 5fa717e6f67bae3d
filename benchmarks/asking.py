"""Ask the running service about many inputs and keep what matters here: the score, and whether it was refused."""

from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import numpy as np
from numpy.typing import NDArray

BATCH = 32
UNREADABLE = 422


@dataclass(frozen=True)
class Answers:
    """What came of one set. `scores` float64 `[answered]` and `flagged` bool `[answered]` leave out those refused.

    A refusal (422: no ink on the page, say) is as good as a flag: no answer is given that could mislead.
    """

    scores: NDArray[np.float64]
    flagged: NDArray[np.bool_]
    refused: int

    @property
    def count(self) -> int:
        """Inputs sent."""
        return len(self.scores) + self.refused

    @property
    def strange(self) -> int:
        """Inputs flagged or refused."""
        return int(self.flagged.sum()) + self.refused


def ask(client: httpx.Client, task: str, payloads: Sequence[bytes | str]) -> Answers:
    """POST inputs to `/predict/{task}/batch`.

    Raises:
        httpx.HTTPStatusError: the service refused a whole batch.
        RuntimeError: one input failed otherwise than by being unreadable.
    """
    scores, flagged, refused = [], [], 0
    for start in range(0, len(payloads), BATCH):
        part = payloads[start : start + BATCH]
        if task == "topic":
            response = client.post(f"/predict/{task}/batch", json={"texts": part})
        else:
            response = client.post(f"/predict/{task}/batch", files=[("files", one) for one in part])
        response.raise_for_status()
        for answer in response.json():
            if "ood_score" in answer:
                scores.append(answer["ood_score"])
                flagged.append(not answer["in_distribution"])
            elif answer.get("status") == UNREADABLE:
                refused += 1
            else:
                raise RuntimeError(f"{task}: {answer}")
    return Answers(np.array(scores, np.float64), np.array(flagged, np.bool_), refused)
