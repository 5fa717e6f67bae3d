"""Deadlines hold though the clock is set: nothing that the service waits for is measured by the time of day."""

import ast
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

import app
from app.settings import Settings
from app.telemetry import tracing
from helpers.blocked import blocked_service
from helpers.pictures import png

PICTURE = png("RGB", (9, 9), (1, 1, 1))
DAY = 86_400
READS_TIME_OF_DAY = {("time", "time"), ("time", "time_ns"), ("datetime", "now"), ("datetime", "utcnow")}


def uses_in(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text())):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if (module, name) in READS_TIME_OF_DAY:
                yield f"{source.name}:{node.lineno}"
            case ast.ImportFrom(module="time", names=names) if any(name.name.startswith("time") for name in names):
                yield f"{source.name}:{node.lineno}"


def test_no_module_of_the_service_but_for_its_spans_reads_the_time_of_day(tmp_path: Path) -> None:
    # A span says when it was; nothing is decided by that.
    spans = Path(tracing.__file__)
    sources = [source for source in Path(app.__file__).parent.rglob("*.py") if source != spans]
    assert len(sources) > 50
    assert [use for source in sources for use in uses_in(source)] == []
    (tmp_path / "one.py").write_text("import time\nfrom time import time_ns\nlate = time.time() + 1\n")
    assert len(list(uses_in(tmp_path / "one.py"))) == 2


@pytest.mark.parametrize("jump", [DAY, -DAY], ids=["a day ahead", "a day back"])
def test_a_deadline_holds_and_nothing_is_lost_when_the_clock_jumps(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch, jump: int
) -> None:
    true_time = time.time
    with blocked_service(tiny_models, Settings(workers=1)) as blocked, ThreadPoolExecutor(2) as pool:

        def ask(**headers: str) -> httpx.Response:
            return httpx.post(f"{blocked.address}/predict/catdog", content=PICTURE, headers=headers, timeout=30)

        patient = pool.submit(ask)
        blocked.wait_for(1)
        began = time.perf_counter()
        hurried = pool.submit(ask, **{"X-Deadline-Ms": "700"})
        blocked.wait_for(2)
        monkeypatch.setattr(time, "time", lambda: true_time() + jump)
        assert hurried.result().status_code == 504
        assert 0.7 <= time.perf_counter() - began < 5
        blocked.engine.released.set()
        assert patient.result().status_code == 200
