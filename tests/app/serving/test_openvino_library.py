import ctypes
import sys
import threading
from pathlib import Path

import pytest

from app.serving.engines import EnginePolicy, load_fastest
from app.settings import Settings


class SignalStack(ctypes.Structure):
    """`stack_t` of Linux (sigaltstack(2))."""

    _fields_ = [("sp", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)]


def signal_stack() -> tuple[int | None, int]:
    """Where this thread's signals find their stack, and its size."""
    stack = SignalStack()
    assert ctypes.CDLL(None).sigaltstack(None, ctypes.byref(stack)) == 0
    return stack.sp, stack.size


@pytest.mark.skipif(sys.platform != "linux", reason="the structure is Linux's")
def test_a_thread_that_loads_a_model_keeps_its_own_stack_for_signals(tiny_models: Path) -> None:
    def load() -> None:
        found.append(signal_stack())
        policy = EnginePolicy(choice="openvino")
        models.append(load_fastest(tiny_models / "catdog" / "1", policy, Settings().input_limits))
        found.append(signal_stack())

    models: list[object] = []
    found: list[tuple[int | None, int]] = []
    # No model of another test has been loaded on it.
    thread = threading.Thread(target=load)
    thread.start()
    thread.join()
    assert models
    assert found[0] == found[1]
