"""What comes onto the page at `/` in other ways than by a file field: drops, pastes, strokes, many files at once."""

from pathlib import Path

import skimage.data
from PIL import Image
from playwright.sync_api import Page, expect

from helpers.pictures import encoded, png
from helpers.task_page import SEVEN, File, draw, label, panel

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
