"""Schemathesis against a running service: whether it keeps what its OpenAPI document says."""

import os
import subprocess
import sys
from pathlib import Path

CONFIG = Path(__file__).parents[1] / "reliability" / "schemathesis.toml"
EXAMPLES = ("--phases", "examples,fuzzing", "--max-examples", "2")
QUICK = ("--phases", "examples,coverage,fuzzing", "--max-examples", "2")
SOAK = ("--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "300")


def check_contract(address: str, extent: tuple[str, ...], folder: Path, key: str = "unknown") -> str:
    """Let schemathesis call a service, and return what it says of its cases.

    Args:
        address: the service's.
        extent: `EXAMPLES`, `QUICK` or `SOAK`.
        folder: where it runs.
        key: an API key, for a service that needs one.

    Raises:
        AssertionError: the service does not keep its document.
    """
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)),
            *("run", f"{address}/openapi.json", "--checks", "all", "--seed", "0", *extent),
        ],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "TESTERS_KEY": key},
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout[done.stdout.index("Test cases:") :]
