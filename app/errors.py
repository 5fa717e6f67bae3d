"""An error of whoever sets up the service, not of a client."""


class ConfigurationError(Exception):
    """A file that a setting or an option names cannot be used. `str(error)` says which and why."""
