"""The page at `/` as its users handle it: its tasks, its file fields, its drawing pad, drops and pastes."""

import base64
from typing import TypedDict

from playwright.sync_api import Locator, Page

SEVEN = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]
"""A stroke that reads as a 7."""


class File(TypedDict):
    """A file as Playwright chooses one."""

    name: str
    mimeType: str
    buffer: bytes


TRANSFER = """([way, files, text, at]) => {
    const transfer = new DataTransfer();
    for (const { name, type, bytes } of files) {
        const data = Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0));
        transfer.items.add(new File([data], name, { type }));
    }
    if (text !== null) transfer.setData("text/plain", text);
    const options = { bubbles: true, cancelable: true, dataTransfer: transfer, clipboardData: transfer };
    const event = way === "drop" ? new DragEvent("drop", options) : new ClipboardEvent("paste", options);
    document.querySelector(at).dispatchEvent(event);
    return event.defaultPrevented;
}"""


def panel(page: Page, tab: str) -> Locator:
    """Open a task, and return its panel."""
    page.get_by_role("tab", name=tab).click()
    return page.get_by_role("tabpanel")


def choose(panel: Locator, *files: File) -> None:
    panel.locator("input[type=file]").set_input_files(list(files))


def answer(panel: Locator) -> Locator:
    return panel.get_by_role("region", name="Answer", exact=True)


def label(panel: Locator) -> Locator:
    return panel.locator(".verdict .label")


def draw(page: Page, *strokes: list[tuple[float, float]]) -> None:
    """Draw on the pad with the mouse; points are from 0 to 1, from its left and its top."""
    box = page.locator("canvas.pad").bounding_box()
    assert box
    for first, *rest in strokes:
        page.mouse.move(box["x"] + first[0] * box["width"], box["y"] + first[1] * box["height"])
        page.mouse.down()
        for x, y in rest:
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=8)
        page.mouse.up()


def transfer(page: Page, way: str, *files: File, text: str | None = None, at: str = "body") -> bool:
    """Drop or paste files, and text beside them, on an element; return whether the page took them."""
    sent = [
        {"name": file["name"], "type": file["mimeType"], "bytes": base64.b64encode(file["buffer"]).decode()}
        for file in files
    ]
    taken: bool = page.evaluate(TRANSFER, [way, sent, text, at])
    return taken
