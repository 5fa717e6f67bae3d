"""What comes onto the page at `/` in other ways than by a file field: drops, pastes, strokes, many files at once."""

import re
from pathlib import Path

import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Page, expect

from helpers.pictures import encoded, png
from helpers.task_page import SEVEN, File, answer, draw, label, panel, transfer

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
CHELSEA = encoded(Image.fromarray(skimage.data.chelsea()), "JPEG")
PHOTO: File = {"name": "cat.jpeg", "mimeType": "image/jpeg", "buffer": CHELSEA}
CELLS: File = {"name": "image.png", "mimeType": "image/png", "buffer": png("RGB", (60, 20), (255, 255, 255))}
"""What a spreadsheet puts on the clipboard beside the text of its cells."""


def test_strokes_are_whole_where_a_browser_does_not_tell_the_points_between(page: Page) -> None:
    page.evaluate("delete PointerEvent.prototype.getCoalescedEvents")
    task = panel(page, "Digit")
    draw(page, SEVEN)
    expect(label(task)).to_have_text("7")
    expect(task.locator(".warning")).to_have_count(0)


@pytest.mark.parametrize("at", ["textarea", "#key"])
def test_text_that_is_pasted_into_a_field_stays_text_though_a_picture_is_beside_it(page: Page, at: str) -> None:
    task = panel(page, "Topic")
    assert not transfer(page, "paste", CELLS, text="Oil\t18.60", at=at)
    expect(task.get_by_label("Text", exact=True)).to_have_value("")
    expect(answer(task)).to_contain_text("The answer appears here.")


def test_a_picture_that_is_pasted_with_its_name_onto_the_page_is_taken(page: Page) -> None:
    task = panel(page, "Cat or dog")
    assert transfer(page, "paste", PHOTO, text="cat.jpeg")
    expect(label(task)).to_have_text("Cat")


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_is_no_text(page: Page, way: str) -> None:
    task = panel(page, "Topic")
    task.get_by_label("Text", exact=True).fill("Oil prices rose.")
    assert transfer(page, way, CELLS)
    expect(task.get_by_role("alert")).to_have_text(re.compile(r"^image\.png is not text in UTF-8\."))
    expect(task.get_by_label("Text", exact=True)).to_have_value("Oil prices rose.")


def test_a_text_file_that_is_dropped_is_put_into_the_field(page: Page) -> None:
    task = panel(page, "Topic")
    news = (EXAMPLES / "news.txt").read_bytes()
    assert transfer(page, "drop", {"name": "news.txt", "mimeType": "text/plain", "buffer": b"\xef\xbb\xbf" + news})
    expect(label(task)).to_be_visible()
    expect(task.get_by_label("Text", exact=True)).to_have_value(news.decode().replace("\r\n", "\n"))


def test_a_threshold_is_chosen_for_many_files_too_and_holds_for_those_that_follow(page: Page) -> None:
    task = panel(page, "X-ray")
    rows = answer(task).locator("tbody tr")
    transfer(page, "drop", PHOTO, PHOTO)
    expect(rows).to_contain_text(["Pneumonia", "Pneumonia"])
    threshold = task.get_by_label("Threshold", exact=True)
    expect(threshold).to_have_value("73.6")
    threshold.fill("100")
    threshold.dispatch_event("change")
    expect(rows).to_contain_text(["Normal", "Normal"])
    with page.expect_request("**/predict/pneumonia/batch?threshold=1"):
        transfer(page, "drop", PHOTO, PHOTO)
    expect(rows).to_contain_text(["Normal", "Normal"])
    transfer(page, "drop", PHOTO)
    expect(label(task)).to_have_text("Normal")
    expect(threshold).to_have_value("100.0")
    task.get_by_role("button", name="Back to the model\u2019s own, 73.6 %").click()
    expect(label(task)).to_have_text("Pneumonia")


def test_a_dicom_x_ray_is_answered_and_shown_as_the_service_read_it(page: Page) -> None:
    task = panel(page, "X-ray")
    page.evaluate(
        """() => {
            window.broken = [];
            addEventListener("error", ({ target }) => {
                if (target instanceof HTMLImageElement && target.checkVisibility()) window.broken.push(target.src);
            }, true);
        }"""
    )
    transfer(page, "drop", {"name": "IM000001", "mimeType": "", "buffer": (EXAMPLES / "xray.dcm").read_bytes()})
    expect(label(task)).to_be_visible()
    picture = task.get_by_role("img", name="as the service read it: IM000001")
    expect(picture).to_be_visible()
    assert picture.evaluate("picture => picture.naturalWidth") > 100
    expect(task.get_by_role("img", name="Heat map over the picture.")).to_be_visible()
    assert page.evaluate("broken") == []
