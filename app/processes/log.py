"""What each process of the service does with log messages."""

import logging

FORMAT = "%(levelname)s:     %(message)s"


def set_up_log(level: str) -> None:
    """Write messages of a level (`info`, say) and above to standard error, in uvicorn's form."""
    logging.basicConfig(level=level.upper(), format=FORMAT)
