"""Whether all workers of a run are about to do the same: checked before any of them trains."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from app.errors import ConfigurationError
from training.workers import Workers


def check_agreement(workers: Workers, facts: Mapping[str, Any]) -> None:
    """Compare every worker's facts, of any JSON values, with the chief's. All workers must have the same keys.

    Raises:
        ConfigurationError: a worker has another value of a fact. It is raised on every worker.
        RunError: a worker is gone.
    """
    table = np.zeros((len(workers.addresses), len(facts)), np.int64)
    table[workers.rank] = [_number(value) for value in facts.values()]
    (whole,) = workers.sum([table])
    differences = [
        f"worker {rank}, {address}, has another {', another '.join(different)}"
        for rank, address in enumerate(workers.addresses)
        if (different := [name for column, name in enumerate(facts) if whole[rank, column] != whole[0, column]])
    ]
    if differences:
        raise ConfigurationError(
            f"the workers cannot train together: {'; '.join(differences)} than the chief, {workers.addresses[0]}. "
            "Start the same command on all, with the same data and the same versions"
        )


def _number(value: Any) -> int:
    """Return the first 63 bits of the value's sha256."""
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
