"""The page at `/` in a real browser, answered by the released models: each task as a user asks it."""

import csv
import io
import json
import re
import subprocess
from pathlib import Path

import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route, expect

from helpers.browser import visit
from helpers.pictures import encoded, jpeg
from helpers.task_page import SEVEN, File, answer, choose, draw, label, panel, transfer

CAT = Image.fromarray(skimage.data.chelsea())
PHOTO: File = {"name": "my cat's photo.jpeg", "mimeType": "image/jpeg", "buffer": encoded(CAT, "JPEG")}
BROKEN: File = {"name": "broken.png", "mimeType": "image/png", "buffer": encoded(CAT, "PNG")[:5_000]}
NEWS = "OPEC ministers agreed to cut output; crude oil prices rose."
STRONGEST = re.compile("strongest evidence for")


def look_of(locator: Locator) -> bytes:
    return Image.open(io.BytesIO(locator.screenshot())).convert("RGB").tobytes()


def test_a_photo_is_answered_with_a_heat_map_whose_opacity_can_be_set(page: Page) -> None:
    task = panel(page, "Cat or dog")
    choose(task, PHOTO)
    expect(label(task)).to_have_text("Cat")
    expect(task.get_by_text(STRONGEST)).to_be_visible()
    expect(task.locator(".warning")).to_have_count(0)
    frame, slider = task.locator(".frame"), task.get_by_label("Heat map", exact=True)
    expect(slider).to_have_value("65")
    shown = look_of(frame)
    slider.fill("0")
    expect(task.locator(".set")).to_have_text("0 %")
    bare = look_of(frame)
    slider.fill("100")
    strong = look_of(frame)
    assert len({shown, bare, strong}) == 3


def test_a_cat_sent_as_an_x_ray_is_answered_with_a_plain_warning(page: Page) -> None:
    task = panel(page, "X-ray")
    expect(task.get_by_text("not a medical device")).to_be_visible()
    choose(task, PHOTO)
    expect(task.locator(".warning")).to_contain_text("Do not rely on this answer")
    expect(task.locator(".warning")).to_contain_text("front views of small children\u2019s chests")
    expect(page.get_by_role("status")).to_contain_text("Do not rely on this")


def test_another_threshold_asks_again_and_the_models_own_comes_back(page: Page) -> None:
    task = panel(page, "X-ray")
    choose(task, PHOTO)
    decision = task.locator(".decision")
    expect(decision).to_have_text(re.compile(r"^Positive\..*reaches the threshold of 73\.6 %"))
    expect(task.get_by_text("chosen as the highest threshold with a sensitivity of at least 97.0%")).to_be_visible()
    for control in (task.get_by_label("Threshold", exact=True), task.get_by_label("Threshold, per cent")):
        with page.expect_request(lambda request: request.url.endswith("?threshold=1")):
            control.fill("100")
            control.dispatch_event("change")
        expect(decision).to_have_text(re.compile(r"^Negative\."))
        expect(label(task)).to_have_text("Normal")
        task.get_by_role("button", name="Back to the model\u2019s own, 73.6 %").click()
        expect(decision).to_have_text(re.compile(r"^Positive\."))


def test_a_digit_drawn_with_the_mouse_is_read_and_can_be_taken_back(page: Page) -> None:
    task = panel(page, "Digit")
    draw(page, SEVEN)
    expect(label(task)).to_have_text("7")
    expect(task.get_by_role("list", name="Probabilities").get_by_role("listitem")).to_have_count(10)
    draw(page, [(0.2, 0.2), (0.8, 0.8)], [(0.8, 0.2), (0.2, 0.8)], [(0.5, 0.1), (0.5, 0.9)])
    expect(task.locator(".warning")).to_be_visible()
    for _ in range(3):
        task.get_by_role("button", name="Undo").click()
    expect(label(task)).to_have_text("7")
    expect(task.locator(".warning")).to_have_count(0)
    task.get_by_role("button", name="Clear").click()
    expect(task.get_by_text("Draw a digit, and the answer appears here.")).to_be_visible()


def test_a_digit_drawn_with_a_finger_is_read_without_the_page_moving(browser: Browser, home: str) -> None:
    with visit(browser, f"{home}#digit", viewport={"width": 360, "height": 700}, has_touch=True) as page:
        pad = page.locator("canvas.pad")
        box = pad.bounding_box()
        assert box
        session = page.context.new_cdp_session(page)
        points = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in SEVEN]
        session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points[:1]})
        for point in points[1:]:
            session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        expect(label(page.get_by_role("tabpanel"))).to_have_text("7")
        assert page.evaluate("scrollY") == 0


@pytest.mark.parametrize(("name", "digit"), [("2", "2"), ("3", "3"), ("5", "5"), ("7", "7"), ("8", "8")])
def test_the_drawn_examples_are_what_they_say(page: Page, name: str, digit: str) -> None:
    task = panel(page, "Digit")
    task.get_by_role("button", name=name, exact=True).click()
    expect(label(task)).to_have_text(digit)
    expect(task.locator(".warning")).to_have_count(0)


@pytest.mark.parametrize(("tab", "name"), [("Digit", "A letter"), ("Topic", "Not news")])
def test_the_strange_examples_are_warned_of(page: Page, tab: str, name: str) -> None:
    task = panel(page, tab)
    task.get_by_role("button", name=name).click()
    expect(task.locator(".warning")).to_contain_text("Do not rely on this answer")


def test_a_text_is_answered_with_its_topics_and_the_words_that_carried_it(page: Page) -> None:
    task = panel(page, "Topic")
    task.get_by_label("Text", exact=True).fill(NEWS)
    task.get_by_role("button", name="Find the topic").click()
    expect(label(task)).to_have_text("Crude oil")
    expect(task.locator("mark", has_text="oil")).to_be_visible()
    assert task.locator("blockquote").inner_text() == NEWS
    bars = task.get_by_role("list", name="Probabilities").get_by_role("listitem")
    expect(bars).to_have_count(5)
    task.get_by_label("Topics listed").select_option("10")
    expect(bars).to_have_count(10)


def test_what_a_text_says_is_never_taken_for_markup(page: Page) -> None:
    task = panel(page, "Topic")
    text = "<img src=x onerror=alert(1)> oil prices <b>rose</b>"
    task.get_by_label("Text", exact=True).fill(text)
    task.get_by_label("Text", exact=True).press("Control+Enter")
    expect(task.locator("blockquote")).to_have_text(text)
    assert task.locator("blockquote img, blockquote b").count() == 0


def test_a_picture_that_the_browser_cannot_show_comes_from_the_service(page: Page) -> None:
    task = panel(page, "Cat or dog")
    choose(task, {"name": "cat.tiff", "mimeType": "image/tiff", "buffer": encoded(CAT, "TIFF")})
    expect(label(task)).to_have_text("Cat")
    picture = task.get_by_role("img", name="as the service read it: cat.tiff")
    expect(picture).to_be_visible()
    assert picture.evaluate("picture => [picture.naturalWidth, picture.naturalHeight]") == list(CAT.size)
    expect(task.get_by_role("img", name="Heat map over the picture.")).to_be_visible()


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_can_be_dropped_and_pasted(page: Page, way: str) -> None:
    task = panel(page, "Cat or dog")
    assert transfer(page, way, PHOTO)
    expect(label(task)).to_have_text("Cat")


def test_many_files_give_a_table_and_the_same_as_csv(page: Page) -> None:
    task = panel(page, "Cat or dog")
    formula: File = {**PHOTO, "name": '=1+1, "x".jpeg'}
    grey: File = {"name": "grey.jpeg", "mimeType": "image/jpeg", "buffer": jpeg((80, 80), (90, 90, 90))}
    choose(task, formula, BROKEN, *[grey] * 20)
    rows = answer(task).locator("tbody tr")
    expect(rows).to_have_count(22)
    expect(rows.nth(0)).to_contain_text("Cat")
    expect(rows.nth(1)).to_contain_text("broken.png")
    expect(rows.nth(1)).to_contain_text("cut short")
    expect(answer(task)).to_contain_text("21 of 22 files answered.")
    with page.expect_download() as download:
        task.get_by_role("button", name="Download as CSV").click()
    table = list(csv.DictReader(download.value.path().read_text().splitlines()))
    assert download.value.suggested_filename == "catdog.csv"
    assert [(row["file"], row["label"], row["in_distribution"]) for row in table[:2]] == [
        ('\'=1+1, "x".jpeg', "cat", "true"),
        ("broken.png", "", ""),
    ]
    assert table[1]["error"]
    assert all(row["error"] == "" for row in table[2:])


def test_an_error_is_shown_in_the_services_own_words(browser: Browser, home: str) -> None:
    with visit(browser, home, expected="422") as page:
        task = panel(page, "Cat or dog")
        with page.expect_response("**/explain/catdog") as refused:
            choose(task, BROKEN)
        expect(task.get_by_role("alert")).to_contain_text(refused.value.json()["detail"])
        choose(task, PHOTO)
        expect(label(task)).to_have_text("Cat")
        expect(task.get_by_role("alert")).to_have_count(0)


def test_a_service_that_does_not_answer_is_said_to_be_away(browser: Browser, home: str) -> None:
    with visit(browser, home, expected="net::ERR_FAILED") as page:
        page.route("**/explain/topic*", lambda route: route.abort())
        task = panel(page, "Topic")
        task.get_by_role("button", name="Grain").click()
        expect(task.get_by_role("alert")).to_contain_text("The service did not answer.")


def test_a_slow_answer_never_takes_the_place_of_a_newer_one(page: Page) -> None:
    held: list[Route] = []
    page.route("**/explain/topic*", lambda route: route.continue_() if held else held.append(route))
    task = panel(page, "Topic")
    with page.expect_event("requestfailed") as given_up:
        task.get_by_role("button", name="Grain").click()
        expect(task.get_by_role("progressbar")).to_be_visible()
        task.get_by_role("button", name="Oil").click()
    assert given_up.value.url == held[0].request.url
    expect(label(task)).to_have_text("Crude oil")
    expect(task.get_by_role("progressbar")).to_be_hidden()


def test_a_question_can_be_cancelled(page: Page) -> None:
    page.route("**/explain/topic*", lambda route: None)
    task = panel(page, "Topic")
    task.get_by_role("button", name="Grain").click()
    task.get_by_role("button", name="Cancel").click()
    expect(answer(task)).to_contain_text("Cancelled.")
    expect(task.get_by_role("progressbar")).to_be_hidden()


@pytest.mark.parametrize("tab", ["X-ray", "Topic"])
def test_the_command_line_that_is_shown_gives_the_same_answer(page: Page, tmp_path: Path, tab: str) -> None:
    task = panel(page, tab)
    if tab == "Topic":
        task.get_by_label("Text", exact=True).fill('Oil\'s up: "crude" $HOME `rose` 5 %')
        task.get_by_role("button", name="Find the topic").click()
    else:
        choose(task, PHOTO)
        (tmp_path / PHOTO["name"]).write_bytes(PHOTO["buffer"])
    expect(label(task)).to_be_visible()
    task.get_by_text("The same with curl").click()
    line = task.get_by_label("Command").inner_text()
    answered = json.loads(subprocess.check_output(["sh", "-c", f"{line} -s"], cwd=tmp_path))
    shown = task.locator(".probability").inner_text()
    assert shown == "> 99.9 %" if answered["probability"] >= 0.9995 else f"{answered['probability']:.1%}"[:-1] in shown
    assert answered.keys() & {"heatmap", "words"}


def test_the_models_card_is_shown_and_put_away(page: Page) -> None:
    task = panel(page, "Topic")
    task.get_by_role("button", name="Oil").click()
    opener = task.get_by_role("button", name="topic, version 2")
    opener.click()
    card = page.get_by_role("dialog", name="Model card")
    expect(card.get_by_role("heading", name="News topic, version 2")).to_be_visible()
    expect(card.get_by_role("cell", name="0.9441")).to_be_visible()
    plot = card.get_by_role("img").first
    plot.scroll_into_view_if_needed()
    expect(plot).to_have_js_property("complete", True)
    assert plot.evaluate("async (plot) => { await plot.decode(); return plot.naturalWidth; }") > 100
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(opener).to_be_focused()


def test_all_can_be_done_with_the_keyboard_alone(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the task")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.get_by_role("tab", name="X-ray")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("tabpanel").locator("input[type=file]")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name="Topic")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type(NEWS)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_contain_text("Crude oil, ")
    page.get_by_role("tab", name="Topic").focus()
    page.keyboard.press("ArrowLeft")
    task = page.get_by_role("tabpanel")
    task.get_by_role("button", name="3", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("3, ")


def test_the_address_names_the_open_task(browser: Browser, home: str) -> None:
    with visit(browser, f"{home}#digit") as page:
        expect(page.get_by_role("tab", name="Digit")).to_have_attribute("aria-selected", "true")
        panel(page, "Topic")
        assert page.url.endswith("#topic")


def test_the_link_to_skip_to_the_task_goes_into_the_open_one(browser: Browser, home: str) -> None:
    with visit(browser, f"{home}#topic") as page:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#panels")).to_be_focused()
        expect(page.get_by_role("tab", name="Topic")).to_have_attribute("aria-selected", "true")
        assert page.url.endswith("#topic")
        page.keyboard.press("Tab")
        expect(page.get_by_label("Text", exact=True)).to_be_focused()
        page.go_back()
        expect(page.get_by_role("tab", name="Topic")).to_have_attribute("aria-selected", "true")
