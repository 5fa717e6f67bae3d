"""What the service has opened is closed however it ends, and where it cannot start."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from unittest.mock import Mock

import pytest

import app.main
from app.backend import Backend, local_backend
from app.main import create_app
from app.serving.observer import UNOBSERVED
from app.serving.registry import Registry
from app.settings import Settings
from app.telemetry.metrics import Uncounted
from app.telemetry.service import Telemetry


def fail(*_: object) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("fails", ["at the start", "while it runs"])
def test_its_threads_end_also_where_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    registry = Registry(tmp_path, Mock())
    if fails == "at the start":
        monkeypatch.setattr(registry, "load", fail)
    before = set(threading.enumerate())

    async def open_and_fail() -> None:
        async with local_backend(Settings(models_dir=tmp_path, workers=2), registry):
            fail()

    with pytest.raises(ZeroDivisionError):
        asyncio.run(open_and_fail())
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
    assert set(threading.enumerate()) <= before


def test_spans_are_sent_also_where_it_cannot_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracing = Mock()
    monkeypatch.setattr(app.main, "telemetry_of", lambda *_, **__: Telemetry(Uncounted(), UNOBSERVED, None, tracing))

    @asynccontextmanager
    async def broken(_: Settings) -> AsyncIterator[Backend]:
        fail()
        yield Mock()

    service = create_app(Settings(models_dir=tmp_path), backend=broken)

    async def start() -> None:
        async with service.router.lifespan_context(service):
            pass

    with pytest.raises(ZeroDivisionError):
        asyncio.run(start())
    tracing.close.assert_called_once_with()
