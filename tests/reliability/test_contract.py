"""The running service keeps what its OpenAPI document says, whatever schemathesis makes of it."""

from pathlib import Path

import pytest

from app.access.caller import Caller
from app.access.keys import entry_of, new_key
from helpers.contract import QUICK, SOAK, check_contract
from helpers.service_process import MODELS, running_service


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
        summary = check_contract(service.address, extent, tmp_path, key if needs_key else "unknown")
        assert service.is_alive
        assert "Traceback" not in service.log
    with capsys.disabled():
        print(f"\n{summary}")
