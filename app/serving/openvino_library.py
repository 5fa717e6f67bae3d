"""OpenVINO, used so that it reports nothing to its maker, and leaves nothing behind in threads that live on."""

import sys
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any, cast

TELEMETRY = "openvino_telemetry"
"""Beside it OpenVINO 2026.4 forks a process at its import that posts to Google Analytics, and writes an identifier into
the home directory, without which it cannot be imported. It does none of it where the package is missing."""


def import_openvino() -> Any:
    """Import OpenVINO and return it.

    Raises:
        ImportError: it is not installed.
    """
    # None is how `sys.modules` says that there is no such module.
    cast(dict[str, ModuleType | None], sys.modules).setdefault(TELEMETRY, None)
    import openvino

    return openvino


def compile_for_cpu(model: Any, options: dict[str, Any]) -> Any:
    """Compile a model, `openvino.Model`, for this machine's processor.

    OpenVINO's CPU plugin gives the thread that first needs it a stack for signals (`sigaltstack`), and frees that with
    the model, on whatever thread. A signal that the first thread had after that would end the process, if it still
    lived.
    """
    with ThreadPoolExecutor(1, "quartet-compiler") as thread:
        return thread.submit(import_openvino().Core().compile_model, model, "CPU", options).result()
