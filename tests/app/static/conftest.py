"""The page at `/`, answered by the released models, in Chromium."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from app.main import create_app
from app.settings import Settings
from helpers.browser import chromium, visit
from helpers.servers import serving
from helpers.service_process import MODELS


@pytest.fixture(scope="session")
def home() -> Iterator[str]:
    """The address of a service with the released models."""
    with serving(create_app(Settings(models_dir=MODELS))) as at:
        yield f"{at}/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser, home: str) -> Iterator[Page]:
    """The page, which may complain of nothing and ask no other host."""
    with visit(browser, home) as opened:
        yield opened
