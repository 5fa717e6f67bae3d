"""The load generator as a process of its own: reads what to do as JSON, writes what it measured as JSON."""

import asyncio
import base64
import json
import subprocess
import sys
from dataclasses import asdict

import uvloop

from benchmarks.speed.client import GRACE_SECONDS, Load, LoadError, Measured, drive
from benchmarks.speed.running import PROJECT, ContenderError

START_SECONDS = 15
"""How long the process may take beyond the load's own time."""


def drive_apart(load: Load) -> Measured:
    """Drive a load from a process of its own.

    Raises:
        ContenderError: the server closed a connection or hung; `str(error)` says which.
    """
    requests = [base64.b64encode(request).decode() for request in load.requests]
    limit = load.warm_up + load.seconds + GRACE_SECONDS + START_SECONDS
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.speed.load"],
            input=json.dumps(asdict(load) | {"requests": requests}),
            capture_output=True,
            text=True,
            cwd=PROJECT,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ContenderError(f"the load generator did not end within {limit:g} s") from error
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        raise ContenderError(f"the load generator failed: {done.stderr.strip()[-400:]}") from error
    if "error" in answer:
        raise ContenderError(answer["error"])
    return Measured(**answer)


def main() -> int:
    """Read a load from standard input, drive it, and print what was measured or `{"error": ...}`."""
    fields = json.load(sys.stdin)
    fields["requests"] = tuple(base64.b64decode(request) for request in fields["requests"])
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            json.dump(asdict(runner.run(drive(Load(**fields)))), sys.stdout)
    except (LoadError, OSError) as error:
        json.dump({"error": str(error)}, sys.stdout)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
