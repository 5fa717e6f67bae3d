"""Why a call is not let in."""


class AccessError(Exception):
    """A call that is not let in. `str(error)` says what to do."""


class UnauthenticatedError(AccessError):
    """The call has no key, or none that is known here."""


class RateLimitedError(AccessError):
    """The key has been used too often. `retry_seconds` is when its next call is let in, at least 1."""

    def __init__(self, caller: str, per_minute: int, retry_seconds: int) -> None:
        self.retry_seconds = retry_seconds
        super().__init__(f"The key of {caller!r} may make {per_minute:,} requests a minute. Try again later.")
