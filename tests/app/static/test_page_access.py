"""The page at `/` where calls need an API key."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from app.access.caller import Caller
from app.access.keys import entry_of, new_key
from app.main import create_app
from app.settings import Settings
from helpers.browser import visit
from helpers.servers import serving

KEY = new_key()


@pytest.fixture(scope="module")
def home(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service that asks for keys."""
    keys = tmp_path_factory.mktemp("keys") / "keys.toml"
    keys.write_text(entry_of(KEY, Caller("clinic")))
    with serving(create_app(Settings(models_dir=tiny_models, api_keys_file=keys))) as at:
        yield f"{at}/"


def test_a_key_is_asked_for_used_for_all_calls_and_kept_nowhere(browser: Browser, home: str) -> None:
    with visit(browser, f"{home}#topic", expected="401") as page:
        task = page.get_by_role("tabpanel")
        field = page.get_by_label("API key", exact=True)
        expect(field).to_be_visible()
        task.get_by_role("button", name="Oil").click()
        expect(task.get_by_role("alert")).to_contain_text("needs a key")
        field.fill("not the key")
        field.press("Enter")
        expect(page.locator("#key-reason")).to_contain_text("A key has letters, digits and signs only.")
        field.fill("qk_wrong")
        field.press("Enter")
        expect(page.locator("#key-reason")).to_contain_text("key")
        expect(field).to_have_value("")
        field.fill(KEY)
        field.press("Enter")
        expect(task.locator(".verdict")).to_be_visible()
        expect(field).to_be_hidden()
        task.get_by_text("The same with curl").click()
        expect(task.get_by_label("Command")).to_contain_text('-H "X-API-Key: $QUARTET_KEY"')
        task.get_by_role("button", name="version").click()
        expect(page.get_by_role("dialog").get_by_role("heading").first).to_be_visible()
        kept = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie, location.href]")
        assert kept == [0, 0, "", f"{home}#topic"]
        page.reload()
        expect(field).to_be_visible()
