import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.processes import supervisor
from app.processes.supervisor import Supervisor
from app.settings import Settings
from helpers import children


@pytest.fixture
def supervise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, list[float]]]:
    def run(child: object, until: Callable[[list[float]], bool], **settings: object) -> tuple[int, list[float]]:
        """Supervise two processes until something holds. Returns the exit status and when all were ready."""
        monkeypatch.setattr(supervisor, "run_child", child)
        ready: list[float] = []

        ended = threading.Event()

        def stop_it() -> None:
            while not ended.wait(0.02):
                if until(ready):
                    os.kill(os.getpid(), signal.SIGTERM)
                    return

        stopping = threading.Thread(target=stop_it)
        stopping.start()
        given = Settings(models_dir=tmp_path, processes=2, **settings)
        # A supervisor that has given up no longer takes the signal, which would end the tests.
        before = signal.signal(signal.SIGTERM, lambda *_: None)
        try:
            return Supervisor(given, lambda: ready.append(time.monotonic())).run(), ready
        finally:
            ended.set()
            stopping.join()
            signal.signal(signal.SIGTERM, before)

    return run


def starts(folder: Path) -> int:
    return len(list(folder.iterdir()))


def test_it_gives_up_where_no_process_comes_to_serve(supervise, tmp_path: Path, caplog) -> None:
    status, ready = supervise(children.fails_to_start, lambda _: False)
    assert status == 1
    assert ready == []
    assert 3 <= starts(tmp_path) <= 4
    assert "given up" in caplog.text


def test_while_one_serves_it_tries_on_with_longer_and_longer_pauses(supervise, tmp_path: Path, caplog) -> None:
    status, ready = supervise(children.one_serves, lambda _: starts(tmp_path) == 4)
    assert status == 0
    assert ready == []
    assert "given up" not in caplog.text
    _, _, third, fourth = sorted(trace.stat().st_mtime for trace in tmp_path.iterdir())
    assert fourth - third >= 2


def test_a_process_that_hangs_is_replaced(supervise, tmp_path: Path, monkeypatch, caplog) -> None:
    monkeypatch.setattr(supervisor, "SILENCE", 1.0)
    status, ready = supervise(children.first_hangs, lambda ready: bool(ready) and starts(tmp_path) == 3)
    assert status == 0
    assert len(ready) == 1
    assert "has hung" in caplog.text


def test_a_process_that_does_not_end_is_killed(supervise, monkeypatch) -> None:
    monkeypatch.setattr(supervisor, "MARGIN", 0.2)
    told: list[float] = []

    def until(ready: list[float]) -> bool:
        if ready:
            told.append(time.monotonic())
        return bool(ready)

    status, _ = supervise(children.ignores_its_end, until, shutdown_seconds=1)
    assert status == 0
    assert 1 < time.monotonic() - told[0] < 4
