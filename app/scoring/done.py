"""What existing results hold: which inputs are done, and which of those have no answer."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import ConfigurationError
from app.scoring.columns import Identity, Layout
from app.scoring.failures import Failure

DIGEST_BYTES = 16
"""Of a name. Two of a billion names have the same one with a probability of 1e-21; a name takes about 90 bytes then."""

FAILURES_SHOWN = 5


class Names:
    """A set of names, in as little memory as a set of Python's takes: docs/command-line.md says how much."""

    def __init__(self) -> None:
        self._digests: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._digests)

    def __contains__(self, name: str) -> bool:
        return _digest(name) in self._digests

    def add(self, name: str) -> bool:
        """Add a name and say whether it was new."""
        before = len(self._digests)
        self._digests.add(_digest(name))
        return len(self._digests) > before


@dataclass
class Failures:
    """How many inputs have no answer, and the first of them."""

    count: int = 0
    first: list[tuple[str, Failure]] = field(default_factory=list)

    def add(self, name: str, failure: Failure) -> None:
        """Count one."""
        self.count += 1
        if len(self.first) < FAILURES_SHOWN:
            self.first.append((name, failure))


@dataclass(frozen=True)
class Done:
    """What lies in the results."""

    names: Names = field(default_factory=Names)
    failures: Failures = field(default_factory=Failures)

    def add(self, row: Mapping[str, str | None]) -> None:
        """Count a row."""
        name = row["name"] or ""
        self.names.add(name)
        if row["error_type"]:
            self.failures.add(name, Failure(row["error_type"], row["error"] or ""))


def check_identity(path: Path, found: Identity, layout: Layout) -> None:
    """Check that results that exist are of this run's model and threshold.

    Raises:
        ConfigurationError: they are not; the error says what to do.
    """
    if found != layout.identity:
        raise ConfigurationError(
            f"{path} holds results of {found}, and these would be of {layout.identity}. Name another --out, or "
            "--restart to replace them"
        )


def not_results(path: Path, reason: str) -> ConfigurationError:
    """Return the error of a file that is there but is not what it would be continued as."""
    return ConfigurationError(f"{path} is there already and {reason}. Name another --out, or remove it")


def _digest(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=DIGEST_BYTES).digest()
