"""How fast answers come while there is work to do."""

SMOOTHING = 0.05
"""The weight of the latest answer: some forty answers settle what is expected of the next."""


class Pace:
    """The mean time between answers, the latest counting most (an exponentially weighted moving average).

    An answer to somebody who was inside when the one before came tells the time between the two. Any other only tells
    that it is no longer than its own took: whoever asked came late, and what might have worked meanwhile did not. But
    for those, an interval that was slow for once would be expected for ever where nobody may wait because of it.
    """

    def __init__(self) -> None:
        self._seconds = 0.0
        self._last: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds from one answer to the next; 0 as long as that is not known."""
        return self._seconds

    def answered(self, now: float, entered: float, count: int) -> None:
        """Note that `count` answers were there at `now` to who came at `entered`, in seconds of some clock."""
        if self._last is not None and entered <= self._last:
            sample = (now - self._last) / count
            self._seconds += SMOOTHING * (sample - self._seconds) if self._seconds else sample
        else:
            sample = (now - entered) / count
            self._seconds += SMOOTHING * min(0.0, sample - self._seconds)
        self._last = now
