"""Each command of docs/scaling.md that serves on one machine is asked by the call below it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from helpers.documents import PROJECT, blocks_of
from helpers.page_session import PageSession
from helpers.parsed_commands import commands_in
from helpers.service_process import MODELS
from helpers.services import wait_until

pytest.importorskip("ray", reason="needs the extra `scale`")

PORT = 8000
"""Ray's own: `serve run` takes no other."""

(BLOCK,) = (block for block in blocks_of(PROJECT / "docs" / "scaling.md") if "serve run" in block.text)
*SERVERS, CALL = commands_in(BLOCK.text)


@pytest.fixture
def ray_folder():
    # The paths of Unix sockets are at most 107 bytes long.
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.soak
@pytest.mark.parametrize("command", SERVERS, ids=lambda command: command.split("#")[0].strip())
def test_what_serves_on_one_machine_answers(command, ray_folder, tmp_path):
    with socket.socket() as listener:
        if listener.connect_ex(("127.0.0.1", PORT)) == 0:
            pytest.skip(f"something listens on port {PORT}, which Ray takes")
    own = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(PROJECT),
        "QUARTET_MODELS_DIR": str(MODELS),
        "QUARTET_PORT": str(PORT),
        "RAY_TMPDIR": ray_folder,
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    log = tmp_path / "server.log"
    with (
        log.open("wb") as output,
        PageSession(tmp_path, copied=False, port=PORT) as session,
        subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=PROJECT,
            env={**os.environ, **own},
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            wait_until(lambda: process.poll() is not None or session.shell(CALL, strict=True)[0] == 0, 240)
            assert process.poll() is None, log.read_text()
            assert '"label":"PNEUMONIA"' in session.shell(CALL, strict=True)[1]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
