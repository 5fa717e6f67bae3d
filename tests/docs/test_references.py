"""What the pages refer to is there: files, headings, settings; and they name nothing that a reader does not have."""

import re
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest

from app.settings import Settings
from app.settings_reference import reference, variable_of
from helpers.documents import PROJECT, anchors_of, links_of, pages

PAGES = pages()
IDS = [str(page.relative_to(PROJECT)) for page in PAGES]
CARDS = sorted(PROJECT.glob("models/*/*/MODEL_CARD.md"))
VARIABLE = re.compile(r"\bQUARTET_[A-Z0-9_]*[A-Z0-9]\b")
COMMANDS = (PROJECT / "app" / "commands").rglob("*.py")
VARIABLES = {variable_of(name) for name in Settings.model_fields} | {
    name for module in COMMANDS for name in re.findall(r'= "(QUARTET_[A-Z_]+)"', module.read_text())
}
"""The settings, and what a command alone reads: credentials, which are no setting of the service."""
EXTRAS = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"].keys()
OWN_EXTRAS = re.compile(r"(?:quartet|'\.)\[([\w,]+)\]")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|work|Users|tmp/wt)/")
REGISTRY = re.compile(r"\b(?:pypi\.org|pythonhosted|npmjs|docker\.io|ghcr\.io|quay\.io|gcr\.io)\b")


@pytest.mark.parametrize("page", [*PAGES, *CARDS], ids=str)
def test_every_relative_link_leads_to_a_file_and_a_heading(page):
    broken = [link for link in links_of(page) if not leads_somewhere(page, link)]
    assert not broken


def leads_somewhere(page: Path, link: str) -> bool:
    if re.match(r"[a-z]+:", link):
        return True
    path, _, anchor = unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or PROJECT not in (target, *target.parents):
        return False
    return not anchor or anchor in anchors_of(target)


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_setting_that_a_page_names_exists(page):
    assert set(VARIABLE.findall(page.read_text("utf-8"))) <= VARIABLES


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_extra_that_a_page_names_exists(page):
    assert {extra for named in OWN_EXTRAS.findall(page.read_text("utf-8")) for extra in named.split(",")} <= EXTRAS


def test_the_settings_page_is_the_one_that_the_command_writes():
    assert (PROJECT / "docs" / "settings.md").read_text("utf-8") == reference(), (
        "quartet settings --markdown > docs/settings.md"
    )


def test_the_index_has_every_page_of_its_folder():
    index = PROJECT / "docs" / "README.md"
    assert {page.name for page in index.parent.glob("*.md")} - {"README.md"} <= links_of(index)


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_no_page_names_a_place_of_one_machine_or_a_registry(page):
    text = page.read_text("utf-8")
    assert not MACHINE_PATH.search(text)
    assert not REGISTRY.search(text)
