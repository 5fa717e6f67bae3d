"""What the command `quartet` says to whoever started it, by its exit status."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """An exit status. Those above 128 are a shell's for a process that a signal ended: 128 and its number."""

    OK = 0
    FAILED = 1
    """Some inputs have no answer, or some models do not pass; the others were dealt with."""
    UNUSABLE = 2
    """Nothing was done: wrong use, a setting, a file or a model that cannot be used, an extra not installed."""
    DEFECT = 70
    """An error of the program's own; BSD's EX_SOFTWARE (sysexits.h)."""
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143
