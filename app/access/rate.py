"""A token bucket: how often one caller may call."""

from collections.abc import Callable


class TokenBucket:
    """Holds up to `per_minute` tokens, full at first and refilled evenly; a request takes one.

    The token bucket of RFC 2697, section 3 (single rate, CBS = `per_minute`, no EBS): a caller that was silent may
    make `per_minute` requests at once, and over time never more than `per_minute` a minute.

    Not for several threads.

    Args:
        per_minute: capacity, and tokens that come in a minute; at least 1.
        clock: seconds that never go back, as `time.monotonic` gives them.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._capacity = per_minute
        self._per_second = per_minute / 60
        self._clock = clock
        self._tokens = float(per_minute)
        self._filled_at = clock()

    def take(self) -> float:
        """Take a token and return 0, or take none and return the seconds until there is one."""
        now = self._clock()
        self._tokens = min(self._capacity, self._tokens + (now - self._filled_at) * self._per_second)
        self._filled_at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._per_second
