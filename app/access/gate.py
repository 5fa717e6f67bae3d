"""Lets a call in by its key and the key's rate."""

import math
from collections.abc import Callable

from app.access.caller import Caller
from app.access.errors import RateLimitedError, UnauthenticatedError
from app.access.keys import Keyring
from app.access.rate import TokenBucket

HOW = "Send one as `Authorization: Bearer KEY` or `X-API-Key: KEY`."


class Gate:
    """Knows the keys, and how often each was used by this process.

    Args:
        keyring: the keys that are known here.
        clock: seconds that never go back, as `time.monotonic` gives them.
    """

    def __init__(self, keyring: Keyring, clock: Callable[[], float]) -> None:
        self._keyring = keyring
        self._clock = clock
        self._buckets: dict[str, TokenBucket] = {}

    def identify(self, key: bytes | None) -> Caller:
        """Return whose key it is.

        Raises:
            UnauthenticatedError: there is no key, or it is nobody's.
        """
        if key is None:
            raise UnauthenticatedError(f"This call needs a key. {HOW}")
        caller = self._keyring.find(key)
        if caller is None:
            raise UnauthenticatedError(f"The key is not known here. {HOW}")
        return caller

    def count(self, caller: Caller) -> None:
        """Count a call.

        Raises:
            RateLimitedError: it is one too many.
        """
        if caller.per_minute is None:
            return
        bucket = self._buckets.get(caller.name)
        if bucket is None:
            bucket = self._buckets[caller.name] = TokenBucket(caller.per_minute, self._clock)
        seconds = bucket.take()
        if seconds > 0:
            raise RateLimitedError(caller.name, caller.per_minute, math.ceil(seconds))
