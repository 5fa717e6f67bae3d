"""Errors of whoever sets up the service, not of a client, and of the machine."""


class ConfigurationError(Exception):
    """A file that a setting or an option names cannot be used. `str(error)` says which and why."""


def reason_of(error: OSError) -> str:
    """Say what the operating system refused, and for which file."""
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename is not None else reason
