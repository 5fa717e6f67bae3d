"""The service as a process of its own, started for a measurement and stopped after it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running_server(models: Path) -> Iterator[str]:
    """Serve a models folder on a free port and give the address, `http://127.0.0.1:PORT`.

    Raises:
        RuntimeError: the service did not start; the text is what it said.
    """
    command = [sys.executable, "-m", "app.cli", "serve", "--port", "0", "--models", str(models)]
    # Only the first line is read of what the service says: a log of each request would fill the pipe.
    environment = os.environ | {"QUARTET_LOG_LEVEL": "warning"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:  # noqa: S603
        try:
            said = process.stdout.readline() if process.stdout else ""
            ready = re.fullmatch(r"Quartet is ready: http://localhost:(\d+)/docs\n", said)
            if ready is None:
                raise RuntimeError(f"the service did not start: {said!r}")
            yield f"http://127.0.0.1:{ready[1]}"
        finally:
            process.terminate()
