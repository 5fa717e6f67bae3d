"""Puts a process's memory in order as it starts."""

import ctypes
import gc
import sys


def freeze() -> None:
    """Look for garbage no more among the objects that there are now.

    Before models are loaded these are nearly a hundred thousand, which live as long as the process. The collector would
    go through all of them, the more often the more requests wait. A model is to be left out: it may be replaced, and
    TensorFlow's are garbage then that only the collector finds.
    """
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """Give memory back to the system that was allocated and is not used: after loading, an eighth of all."""
    if sys.platform == "linux":
        # Not every C library has it.
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
