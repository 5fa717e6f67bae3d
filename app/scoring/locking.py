"""One run at a time writes results."""

from pathlib import Path
from typing import IO, Any

from app.errors import ConfigurationError


def lock(file: IO[Any] | int, path: Path) -> None:
    """Lock an open file or folder until it is closed or the process ends. Where the system has no such locks: nothing.

    Raises:
        ConfigurationError: another process holds it.
    """
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigurationError(f"another process is writing {path}") from None
