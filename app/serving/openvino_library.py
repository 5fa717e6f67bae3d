"""OpenVINO, imported so that it reports nothing to its maker."""

import sys
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
