"""How the tests of the HTTP surface are run, as they are, against a service that they have not started."""

import os
import subprocess
import sys
from pathlib import Path

TESTED_SERVICE = "TESTED_SERVICE"
"""The environment variable of its address. Only the tests that use it are run then."""
TESTED_MODELS = "TESTED_MODELS"
"""The environment variable of its models folder, which has the tiny models."""

SETTINGS = {"max_body_bytes": 1_000_000, "max_characters": 100_000}
"""What it must be started with."""

PROJECT = Path(__file__).parents[2]


def run_tests(address: str, models: Path, *tests: str) -> "subprocess.CompletedProcess[str]":
    """Run tests, paths in the project and options of pytest, against a service."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", *tests],
        cwd=PROJECT,
        env={**os.environ, TESTED_SERVICE: address, TESTED_MODELS: str(models)},
        capture_output=True,
        text=True,
        check=False,
    )
