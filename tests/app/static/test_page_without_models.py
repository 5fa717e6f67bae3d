"""The page at `/` of a service that has no model for a task: it says so before anything is asked."""

import shutil
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from app.main import create_app
from app.serving.reloading import Wish
from app.settings import Settings
from helpers.browser import chromium, visit
from helpers.servers import serving


def test_a_task_that_cannot_be_answered_is_said_to_be_so(tiny_models: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(tiny_models, models)
    shutil.rmtree(models / "digit")
    app = create_app(Settings(models_dir=models), wishes=[Wish("topic", None)])
    with serving(app) as at, chromium() as browser, visit(browser, f"{at}/#topic") as page:
        expect(notice(page)).to_contain_text("unloaded")
        page.get_by_role("tab", name="Digit").click()
        expect(notice(page)).to_contain_text("the folder 'digit' of the models folder does not exist")
        page.get_by_role("tab", name="Cat or dog").click()
        expect(notice(page)).to_have_count(0)


def notice(page: Page) -> Locator:
    return page.get_by_role("tabpanel").get_by_text("This cannot be answered at the moment.")
