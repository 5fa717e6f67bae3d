"""How fast answers come while there is work to do."""

SMOOTHING = 0.05
"""The weight of the latest answer: some forty answers settle what is expected of the next."""


class Pace:
    """The mean time between answers, the latest counting most (an exponentially weighted moving average).

    An answer that nothing followed says nothing of the next one: whoever asked may have come late.
    """

    def __init__(self) -> None:
        self._seconds = 0.0
        self._last: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds from one answer to the next; 0 as long as that is not known."""
        return self._seconds

    def answered(self, now: float, count: int, left: int) -> None:
        """Note that at `now`, in seconds of some clock, `count` answers were there and `left` inputs remained."""
        if self._last is not None:
            sample = (now - self._last) / count
            self._seconds += SMOOTHING * (sample - self._seconds) if self._seconds else sample
        self._last = now if left else None
