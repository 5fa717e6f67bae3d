"""The service that answers with the tiny models, made once for all its tests."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from helpers.servers import serving
from helpers.tested_service import SETTINGS, TESTED_SERVICE


@pytest.fixture
def models_copy(tiny_models: Path, tmp_path: Path) -> Path:
    """A models folder that a test may damage."""
    return Path(shutil.copytree(tiny_models, tmp_path / "models"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that would not see the service that runs elsewhere."""
    if TESTED_SERVICE in os.environ:
        there = [item for item in items if {"client", "address"} & set(getattr(item, "fixturenames", ()))]
        config.hook.pytest_deselected(items=[item for item in items if item not in there])
        items[:] = there


@pytest.fixture(scope="session")
def address(tiny_models: Path) -> Iterator[str]:
    """The address of a running service."""
    if TESTED_SERVICE in os.environ:
        yield os.environ[TESTED_SERVICE]
        return
    settings = Settings(models_dir=tiny_models, **SETTINGS)
    with serving(create_app(settings)) as at:
        yield at


@pytest.fixture(scope="session")
def client(address: str) -> Iterator[httpx.Client]:
    """A client of the running service."""
    with httpx.Client(base_url=address, timeout=30) as session:
        yield session


@pytest.fixture
def problem() -> Callable[[httpx.Response], dict[str, object]]:
    """Return a check that a response is a well-formed problem, which gives its body."""

    def check(response: httpx.Response) -> dict[str, object]:
        assert response.headers["content-type"] == "application/problem+json"
        body: dict[str, object] = response.json()
        assert set(body) >= {"type", "title", "status", "detail", "request_id"}
        assert body["status"] == response.status_code
        assert body["request_id"] == response.headers["x-request-id"]
        assert body["detail"]
        return body

    return check
