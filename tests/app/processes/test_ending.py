"""The service as the first process of a container, which the kernel sends no signal that it does not handle."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.services import command, wait_until

IN_A_CONTAINER = ["unshare", "--pid", "--fork", "--kill-child"]


def pid_namespaces() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*IN_A_CONTAINER, "true"], check=False, capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not pid_namespaces(), reason="no PID namespace can be made here: it needs root")


def handles_sigterm(pid: int) -> bool:
    fields = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return bool(int(fields["SigCgt"], 16) >> (signal.SIGTERM - 1) & 1)


def loads_models(log: Path) -> bool:
    return "Waiting for application startup" in log.read_text()


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize(
    "moment",
    [lambda pid, log: handles_sigterm(pid), lambda _, log: loads_models(log)],
    ids=["while it starts", "while it loads models"],
)
def test_a_stop_signal_ends_it_at_once(
    tiny_models: Path, tmp_path: Path, processes: int, moment: Callable[[int, Path], bool]
) -> None:
    log = tmp_path / "log"
    with (
        log.open("w") as log_file,
        subprocess.Popen(
            [*IN_A_CONTAINER, *command(tiny_models, "--processes", str(processes))],
            stdout=log_file,
            stderr=subprocess.STDOUT,
        ) as container,
    ):
        try:
            children = Path(f"/proc/{container.pid}/task/{container.pid}/children")
            wait_until(lambda: bool(children.read_text()), 10)
            first = int(children.read_text())
            wait_until(lambda: moment(first, log), 30)
            os.kill(first, signal.SIGTERM)
            assert container.wait(8) in {0, 128 + signal.SIGTERM}
        finally:
            container.kill()
    assert "is ready" not in log.read_text()
