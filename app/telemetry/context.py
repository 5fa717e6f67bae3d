"""What every log line of a request has: kept with its context, which follows it to worker threads."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

LOG_FIELDS: ContextVar[Mapping[str, str]] = ContextVar("log_fields", default={})  # noqa: B039 - nobody changes it


@contextmanager
def logged_with(**fields: str) -> Iterator[None]:
    """Within the block, every log line has these fields beside those from outside it."""
    token = LOG_FIELDS.set({**LOG_FIELDS.get(), **fields})
    try:
        yield
    finally:
        LOG_FIELDS.reset(token)
