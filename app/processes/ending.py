"""How a process ends by a signal, also where it is the first of its container."""

import os
import signal

FIRST = 1
"""The number of a container's first process, for which the kernel drops every signal that it does not handle
(pid_namespaces(7))."""


def end_by(sig: int) -> None:
    """End this process at once, as the signal does where nobody handles it."""
    signal.signal(sig, signal.SIG_DFL)
    signal.raise_signal(sig)
    # The first process is still here.
    os._exit(128 + sig)


def end_by_stop_signals() -> None:
    """Let SIGTERM end this process also if it is the first, until something else handles it."""
    if os.getpid() == FIRST:
        signal.signal(signal.SIGTERM, lambda sig, _: end_by(sig))
