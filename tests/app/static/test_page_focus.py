"""Whoever uses the page at `/` by keyboard goes on from where they were: what has the focus is not taken away."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from app.access.caller import Caller
from app.access.keys import entry_of, new_key
from app.main import create_app
from app.settings import Settings
from helpers.browser import chromium, visit
from helpers.servers import serving

KEY = new_key()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def test_whoever_cancels_stands_at_the_answer(browser: Browser, tiny_models: Path) -> None:
    with serving(create_app(Settings(models_dir=tiny_models))) as at, visit(browser, f"{at}/#topic") as page:
        page.route("**/explain/topic*", lambda _: None)
        task = page.get_by_role("tabpanel")
        task.get_by_role("button", name="Oil").click()
        task.get_by_role("button", name="Cancel").press("Enter")
        expect(task.get_by_text("Cancelled.")).to_be_visible()
        expect(task.get_by_role("region", name="Answer", exact=True)).to_be_focused()


def test_whoever_gives_a_key_stands_at_the_open_task(browser: Browser, tiny_models: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text(entry_of(KEY, Caller("clinic")))
    settings = Settings(models_dir=tiny_models, api_keys_file=keys)
    with serving(create_app(settings)) as at, visit(browser, f"{at}/#topic", expected="401") as page:
        field = page.get_by_label("API key", exact=True)
        field.fill(KEY)
        field.press("Enter")
        expect(field).to_be_hidden()
        expect(page.get_by_role("tab", selected=True)).to_be_focused()
