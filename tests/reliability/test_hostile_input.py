"""Whatever is sent over a real socket, the service answers what it promises, lives on and keeps its memory."""

import asyncio
import os
from pathlib import Path

import pytest

from helpers.fuzzing import fuzz
from helpers.hostile import good_request
from helpers.servers import exchange
from helpers.service_process import MODELS, running_service

QUICK = 300
SOAK = int(os.environ.get("SOAK_REQUESTS", "100000"))
SEED = int(os.environ.get("SOAK_SEED", "0"))
# A tenth of a KiB a request; one small picture that is not freed takes seventy times as much.
LEAK_KIB_PER_1000 = 100
# By itself glibc keeps much of what was freed, as the largest pictures came to need it, and a leak does not stand out.
GIVES_BACK = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "65536",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}


@pytest.mark.parametrize("count", [QUICK, pytest.param(SOAK, marks=pytest.mark.soak)])
def test_no_upload_form_or_framing_breaks_the_service(
    count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_service(MODELS, tmp_path, GIVES_BACK) as service:
        tally = asyncio.run(fuzz(service, SEED, count, tmp_path))
        with capsys.disabled():
            print(f"\n{tally.table()}")
        assert tally.count == count
        assert not tally.failures, f"kept in {tmp_path}:\n" + "\n".join(tally.failures[:20])
        assert service.is_alive
        assert exchange(service.address, good_request()).startswith(b"HTTP/1.1 200 ")
        assert "Traceback" not in service.log
        if count >= 10_000:
            assert tally.slope_kib() < LEAK_KIB_PER_1000
