"""What was measured of one model: its answers to each set."""

from dataclasses import dataclass

from app.serving.manifest import Manifest
from benchmarks.asking import Answers
from benchmarks.ood.sets import Kind


@dataclass(frozen=True)
class SetResult:
    """What came of one set. `rightly` counts strangers flagged or refused, or the model's own kind accepted."""

    title: str
    kind: Kind
    answers: Answers

    @property
    def rightly(self) -> int:
        """Inputs taken for what they are."""
        return self.answers.rejected if self.kind == "stranger" else self.answers.count - self.answers.rejected

    @property
    def share(self) -> float:
        """The share of `rightly`."""
        return self.rightly / self.answers.count


@dataclass(frozen=True)
class ModelResult:
    """What came of all sets sent to one model. `notes` say what could not be measured, and what is to be known."""

    title: str
    manifest: Manifest
    sha256: str
    sets: tuple[SetResult, ...]
    notes: tuple[str, ...]
