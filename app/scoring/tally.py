"""What a run did so far, and which inputs are left to it."""

from dataclasses import dataclass, field

from app.scoring.columns import one_line
from app.scoring.done import Failures, Names
from app.scoring.items import Item
from app.scoring.progress import Standing


@dataclass
class Tally:
    """What a run did. `skipped` were done before, `repeated` have the name of an earlier one of this run.

    `stopped` is the number of the signal that ended it early.
    """

    answered: int = 0
    failures: Failures = field(default_factory=Failures)
    skipped: int = 0
    repeated: int = 0
    total: int | None = None
    seconds: float = 0.0
    stopped: int | None = None

    @property
    def scored(self) -> int:
        """Inputs that got a row in this run."""
        return self.answered + self.failures.count

    def standing(self) -> Standing:
        """Return how far it is."""
        return Standing(self.answered, self.failures.count, self.skipped, self.total, self.seconds)


class Fresh:
    """Tells the items that get a row from those that have one, or have the name of an earlier one; these it counts."""

    def __init__(self, done: Names, tally: Tally) -> None:
        self._done = done
        self._seen = Names()
        self._tally = tally

    def name_of(self, item: Item) -> str | None:
        """Return what the results call an item, None if it gets no row."""
        name = one_line(item.name)
        if name in self._done:
            self._tally.skipped += 1
        elif self._seen.add(name):
            return name
        else:
            self._tally.repeated += 1
        return None
