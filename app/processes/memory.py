"""Puts a process's memory in order once its models are loaded, before it answers."""

import ctypes
import gc
import sys


def settle() -> None:
    """Give back what loading has left over, and look no more for garbage among what stays.

    Of the memory of a loaded service a seventh is glibc's to give back. The garbage collector else goes through
    hundreds of thousands of objects, which live as long as the process, the more often the more requests wait.
    """
    gc.collect()
    gc.freeze()
    if sys.platform == "linux":
        # Not every C library has it.
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
