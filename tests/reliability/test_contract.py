"""The running service keeps what its OpenAPI document says, whatever schemathesis makes of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.access.caller import Caller
from app.access.keys import entry_of, new_key
from helpers.service_process import MODELS, running_service

CONFIG = Path(__file__).with_name("schemathesis.toml")
QUICK = ("--phases", "examples,coverage,fuzzing", "--max-examples", "2")
SOAK = ("--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "300")


@pytest.mark.parametrize(
    ("extent", "needs_key"),
    [
        pytest.param(QUICK, False, id="quick"),
        pytest.param(SOAK, False, id="long", marks=pytest.mark.soak),
        pytest.param(SOAK, True, id="long, with an admin's key", marks=pytest.mark.soak),
    ],
)
def test_the_service_keeps_its_openapi_document(
    extent: tuple[str, ...], needs_key: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, keys_file = new_key(), tmp_path / "keys.toml"
    keys_file.write_text(entry_of(key, Caller("tester", admin=True)))
    environment = {"QUARTET_API_KEYS_FILE": str(keys_file)} if needs_key else {}
    with running_service(MODELS, tmp_path, environment) as service:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)),
                *("run", f"{service.address}/openapi.json", "--checks", "all", "--seed", "0", *extent),
            ],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "TESTERS_KEY": key if needs_key else "unknown"},
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert service.is_alive
        assert "Traceback" not in service.log
    with capsys.disabled():
        print(f"\n{done.stdout[done.stdout.index('Test cases:') :]}")
