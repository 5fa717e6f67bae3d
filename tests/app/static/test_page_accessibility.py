"""The page at `/` for everyone: names, contrast in light and dark, sizes of text, the width of a phone.

The figures are those of the Web Content Accessibility Guidelines 2.2: 1.4.3 contrast, 1.4.10 reflow, 4.1.2 names.
"""

import re

import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from helpers.browser import visit
from helpers.pictures import encoded

PHOTO = {
    "name": f"{'a-long-name' * 12}.jpeg",
    "mimeType": "image/jpeg",
    "buffer": encoded(Image.fromarray(skimage.data.chelsea()), "JPEG"),
}
LEAST_CONTRAST = 4.5
LEAST_TEXT_PX = 14
USABLE = re.compile(
    r"\s*- '?(?:button|link|tab|tabpanel|slider|spinbutton|textbox|combobox|progressbar|region|dialog|img)\b"
    r"(?![\w-])(?: \"(?P<name>[^\"]+)\")?"
)
PHONE = {"width": 320, "height": 640}

# The contrast of each piece of text that is seen against the nearest ground that is not transparent, by 1.4.3. Colours
# go through a canvas, which makes sRGB bytes of whatever notation the browser computes.
TEXTS = """() => {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const over = (colours) => {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, 1, 1);
    for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const luminance = (rgb) => {
    const [red, green, blue] = rgb.map((value) => linear(value / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (!text || !element.checkVisibility() || element.closest(".unseen, .skip, option, script")) continue;
    const grounds = [];
    for (let at = element; at; at = at.parentElement) grounds.unshift(getComputedStyle(at).backgroundColor);
    const style = getComputedStyle(element);
    const lights = [over(grounds), over([...grounds, style.color])].map(luminance).sort((a, b) => b - a);
    found.push([text, (lights[0] + 0.05) / (lights[1] + 0.05), parseFloat(style.fontSize)]);
  }
  return found;
}"""


def show_everything(page: Page, task: str) -> None:
    """Open a task and have it answer, with all that is folded unfolded."""
    page.locator(f"#tab-{task}").click()
    panel = page.get_by_role("tabpanel")
    if task == "digit":
        panel.get_by_role("button", name="3", exact=True).click()
    elif task == "topic":
        panel.get_by_role("button", name="Not news").click()
    else:
        panel.locator("input[type=file]").set_input_files(PHOTO)
    expect(panel.locator(".verdict")).to_be_visible()
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


def open_card(page: Page) -> None:
    page.get_by_role("tabpanel").get_by_role("button", name="version").click()
    expect(page.get_by_role("dialog").get_by_role("heading").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_on_its_ground(browser: Browser, home: str, scheme: str) -> None:
    with visit(browser, home, color_scheme=scheme, reduced_motion="reduce") as page:
        for task in ("pneumonia", "catdog", "digit", "topic"):
            show_everything(page, task)
            texts = page.evaluate(TEXTS)
            assert len(texts) > 20
            assert [text for text in texts if text[1] < LEAST_CONTRAST or text[2] < LEAST_TEXT_PX] == []
            open_card(page)
            card = page.evaluate(TEXTS)
            assert len(card) > len(texts) + 20
            assert [text for text in card if text[1] < LEAST_CONTRAST or text[2] < LEAST_TEXT_PX] == []
            page.keyboard.press("Escape")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(15, 21, 25)") is (scheme == "dark")


def test_nothing_reaches_beyond_the_width_of_a_small_phone(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}/", viewport=PHONE, is_mobile=True, has_touch=True) as page:
        for task in ("pneumonia", "catdog", "digit", "topic"):
            show_everything(page, task)
            assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        open_card(page)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_everything_that_can_be_used_has_a_name_and_every_picture_a_description(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}/") as page:
        for task in ("pneumonia", "catdog", "digit", "topic"):
            show_everything(page, task)
            found = [
                match for line in page.locator("body").aria_snapshot().splitlines() if (match := USABLE.match(line))
            ]
            assert len(found) > 8
            assert [match[0] for match in found if not match["name"]] == []
            # A name is for what has a role.
            assert page.locator("pre[aria-label]:not([role]), div[aria-label]:not([role])").count() == 0
            unnamed = "canvas:not([aria-label]), img:not([alt]), input:not([aria-label]):not([id])"
            assert page.get_by_role("tabpanel").locator(unnamed).filter(visible=True).count() == 0
        labelled = page.evaluate("[...document.querySelectorAll('label')].every((label) => label.control !== null)")
        assert labelled
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map((element) => element.id)")
        assert len(ids) == len(set(ids))


def test_the_focus_can_be_seen_wherever_the_keyboard_takes_it(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}/#topic") as page:
        stops = 0
        for _ in range(30):
            page.keyboard.press("Tab")
            outline = page.evaluate(
                """() => {
                  const at = document.activeElement;
                  if (at === document.body) return null;
                  const seen = at.matches(".unseen") ? at.nextElementSibling : at;
                  return getComputedStyle(seen).outlineStyle;
                }"""
            )
            if outline is None:
                break
            assert outline == "solid"
            stops += 1
        assert stops > 10
