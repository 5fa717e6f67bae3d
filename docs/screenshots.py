"""Takes the pictures of the page in `docs/images`: `make screenshots`, with Debian's Chromium.

The cat is scikit-image's Chelsea (CC0), the X-ray a drawing, so that no patient's picture is shown.
"""

import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.server import running_server

PROJECT = Path(__file__).resolve().parents[1]
FOLDER = PROJECT / "docs" / "images"
OPTIONS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
DESKTOP = {"viewport": {"width": 1180, "height": 820}}
PHONE = {"viewport": {"width": 360, "height": 780}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
FLAT_COLOURS, OTHER_COLOURS = 64, 192
PATIENCE_MS = 60_000


def main() -> None:
    """Write all pictures."""
    FOLDER.mkdir(exist_ok=True)
    with running_server(PROJECT / "models") as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=OPTIONS)
        desktop = _page(browser, server.address, DESKTOP)
        # The first answers of a service take longer than those that follow.
        for task in ("catdog", "pneumonia"):
            _send(desktop, task, "cat.png", skimage.data.chelsea())
        _send(desktop, "catdog", "cat.png", skimage.data.chelsea())
        _take(desktop, "cat-light")
        _send(desktop, "pneumonia", "drawing.png", phantom())
        _take(desktop, "x-ray-light")
        dark = _page(browser, server.address, {**DESKTOP, "color_scheme": "dark"})
        _press(dark, "topic", "Oil")
        _take(dark, "topic-dark")
        phone = _page(browser, server.address, PHONE)
        _press(phone, "digit", "3")
        _take(phone, "digit-phone")
        browser.close()


def phantom(side: int = 640) -> NDArray[np.uint8]:
    """Draw what has the outlines of a chest X-ray and is none: grey levels `[side, side]`."""
    grid = Image.new("L", (side, side), 12)
    draw = ImageDraw.Draw(grid)

    def ellipse(x: float, y: float, width: float, height: float, level: int) -> None:
        box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        draw.ellipse([side * share for share in box], fill=level)

    ellipse(0.5, 0.62, 0.98, 1.1, 118)
    ellipse(0.5, 0.12, 0.22, 0.4, 130)
    for x in (0.29, 0.71):
        ellipse(x, 0.5, 0.3, 0.66, 44)
    ellipse(0.57, 0.62, 0.32, 0.34, 176)
    ellipse(0.5, 1.0, 0.94, 0.36, 182)
    for rib in range(8):
        for left, start, end in ((0.12, 190, 350), (0.54, 190, 350)):
            top = 0.16 + 0.085 * rib
            box = [side * share for share in (left, top, left + 0.34, top + 0.2)]
            draw.arc(box, start, end, fill=104, width=side // 60)
    draw.rectangle([side * 0.475, 0, side * 0.525, side], fill=190)
    pixels = np.asarray(grid.filter(ImageFilter.GaussianBlur(side / 90)), float)
    grain = np.random.default_rng(0).normal(0, 3, pixels.shape)
    return np.clip(pixels + grain, 0, 255).astype(np.uint8)


def _page(browser: Browser, address: str, options: dict[str, object]) -> Page:
    page = browser.new_context(reduced_motion="reduce", **options).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    return page


def _send(page: Page, task: str, name: str, picture: NDArray[np.uint8]) -> None:
    page.locator(f"#tab-{task}").click()
    file = BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    upload = {"name": name, "mimeType": "image/png", "buffer": file.getvalue()}
    page.locator(f"#panel-{task} input[type=file]").set_input_files(upload)
    page.locator(f"#panel-{task} .verdict").wait_for()


def _press(page: Page, task: str, example: str) -> None:
    page.locator(f"#tab-{task}").click()
    page.locator(f"#panel-{task}").get_by_role("button", name=example, exact=True).click()
    page.locator(f"#panel-{task} .verdict").wait_for()


def _take(page: Page, name: str) -> None:
    """Save the whole page as a PNG of few colours, which a page of flat ones does not show."""
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)
    shot = Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB")
    few = shot.quantize(palette=_palette(shot), dither=Image.Dither.NONE)
    few.save(FOLDER / f"{name}.png", optimize=True)


def _palette(shot: Image.Image) -> Image.Image:
    """Return the page's own colours, which are its most frequent ones, and others that suit the pictures on it."""
    counted = shot.getcolors(shot.width * shot.height) or []
    flat = [colour for _, colour in sorted(counted, reverse=True)[:FLAT_COLOURS]]
    others = shot.quantize(OTHER_COLOURS, Image.Quantize.MEDIANCUT).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([level for colour in flat for level in colour] + others[: 3 * OTHER_COLOURS])
    return palette


if __name__ == "__main__":
    main()
