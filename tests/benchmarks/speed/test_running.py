import time
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks.speed.client import request_bytes
from benchmarks.speed.contenders import Contender
from benchmarks.speed.running import ContenderError, running

SERVER = """
import http.server, pathlib, subprocess, sys, time

class Handler(http.server.BaseHTTPRequestHandler):
    began = time.monotonic()

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200 if time.monotonic() > self.began + 0.5 else 503)
        self.end_headers()

child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
pathlib.Path(sys.argv[2]).write_text(str(child.pid))
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def contender(*command):
    return Contender("one", "One", ("{bin}/python", *command), lambda body: request_bytes("/", body, "text/plain"), "")


def is_alive(process):
    # One that has ended lies there as a zombie until it is waited for.
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_contender_is_ready_at_its_first_200_and_its_children_end_with_it(tmp_path):
    script, note = tmp_path / "server.py", tmp_path / "child"
    script.write_text(SERVER)
    with running(contender(str(script), "{port}", str(note)), tmp_path, b"body", tmp_path) as server:
        child = int(note.read_text())
        assert 0.5 < server.ready_seconds < 20
        assert server.resident_bytes() > 5_000_000
        assert is_alive(child)
    until = time.monotonic() + 5
    while is_alive(child) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_alive(child)


def test_a_contender_that_ends_at_once_is_told_at_once_with_what_it_said(tmp_path):
    started = time.monotonic()
    with (
        pytest.raises(ContenderError, match=r"ended with 3, .* no model here"),
        running(contender("-c", "import sys; print('no model here'); sys.exit(3)"), tmp_path, b"", tmp_path),
    ):
        pass
    assert time.monotonic() - started < 20
