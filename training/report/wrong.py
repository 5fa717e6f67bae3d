"""What a page of errors is made of, whatever its examples are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wrong:
    """An example answered wrong, and the probability that the answer was given."""

    name: str
    truth: str
    answer: str
    probability: float


@dataclass(frozen=True)
class Headline:
    """What a page of errors shows: `shown` of `wrong` errors among `examples`, made by `recipe`."""

    recipe: str
    shown: int
    wrong: int
    examples: int

    @property
    def title(self) -> str:
        """Name the page."""
        return f"Worst errors of {self.recipe} on validation"

    @property
    def explanation(self) -> str:
        """Say in a sentence how many errors there are and which are here."""
        if not self.wrong:
            return f"All {self.examples:,} examples are answered right."
        share = f"{self.wrong:,} of {self.examples:,} examples are answered wrong"
        if self.shown == self.wrong:
            return f"{share}. They are in order of confidence, the surest first."
        return f"{share}. These are the {self.shown} whose wrong answer has the highest probability, the surest first."
