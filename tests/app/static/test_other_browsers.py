"""The page at `/` in Firefox and in WebKitGTK: each task is asked, and nothing is complained of."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.task_page import SEVEN
from helpers.webdriver import Remote, firefox, webkit

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
BROWSERS = {"firefox": firefox, "webkit": webkit}
ANSWER = """
const [task] = arguments;
return document.querySelector(`#panel-${task} .verdict .label`)?.innerText;
"""
# Whether a picture is seen with its heat map over it, neither of them broken.
SEEN = """
const [task] = arguments;
const [picture, map] = document.querySelectorAll(`#panel-${task} .frame > *`);
return picture.checkVisibility() && picture.naturalWidth > 100 && map.checkVisibility() && map.width > 100;
"""


@pytest.fixture(scope="module", params=BROWSERS)
def browser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    with BROWSERS[request.param](tmp_path_factory.mktemp(request.param)) as started:
        yield started


@pytest.fixture
def at(browser: Remote, home: str) -> Iterator[Remote]:
    """The page, which may complain of nothing."""
    browser.open(home)
    yield browser
    assert browser.complaints() == []


def choose(browser: Remote, task: str, *names: str) -> None:
    browser.click(f"#tab-{task}")
    browser.type(f"#panel-{task} input[type=file]", "\n".join(str(EXAMPLES / name) for name in names))


@pytest.mark.parametrize(
    ("task", "name", "label"),
    [
        ("pneumonia", "xray.jpeg", "Pneumonia"),
        ("pneumonia", "xray.dcm", "Pneumonia"),
        ("catdog", "cat.jpeg", "Cat"),
    ],
)
def test_a_picture_is_answered_with_a_heat_map(at: Remote, task: str, name: str, label: str) -> None:
    choose(at, task, name)
    assert at.wait_for(ANSWER, task) == label
    assert at.run(SEEN, task)


def test_a_photo_of_a_digit_is_read(at: Remote) -> None:
    choose(at, "digit", "seven.jpeg")
    assert at.wait_for(ANSWER, "digit") == "7"


def test_a_drawn_digit_is_read(at: Remote) -> None:
    at.click("#tab-digit")
    at.draw("canvas.pad", SEVEN)
    assert at.wait_for(ANSWER, "digit") == "7"


def test_a_text_file_is_answered(at: Remote) -> None:
    choose(at, "topic", "news.txt")
    assert at.wait_for(ANSWER, "topic") == "Crude oil"


def test_a_text_that_is_typed_is_answered(at: Remote) -> None:
    at.click("#tab-topic")
    at.type("#panel-topic textarea", "OPEC ministers agreed to cut output; crude oil prices rose.")
    at.click("#panel-topic button[type=submit]")
    assert at.wait_for(ANSWER, "topic") == "Crude oil"


def test_many_files_give_a_table(at: Remote) -> None:
    choose(at, "catdog", "cat.jpeg", "seven.jpeg", "xray.jpeg")
    assert at.wait_for("return document.querySelectorAll('#panel-catdog tbody tr').length") == 3


def test_a_models_card_is_shown(at: Remote) -> None:
    choose(at, "catdog", "cat.jpeg")
    at.wait_for(ANSWER, "catdog")
    at.click("#panel-catdog .facts button")
    assert at.wait_for("return document.querySelector('dialog h2')?.innerText").endswith("version 2")
    assert at.wait_for("return document.querySelector('dialog img').naturalWidth") > 100
