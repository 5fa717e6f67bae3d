"""`/docs` and `/redoc` in a real browser, under their policies."""

from playwright.sync_api import Browser, expect

from helpers.browser import visit
from helpers.pictures import png


def test_a_call_can_be_tried_on_the_swagger_page(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}/docs") as page:
        call = page.locator("#operations-predict-predict_topic")
        call.locator("button.opblock-summary-control").click()
        call.locator(".execute").click()
        expect(call.locator(".live-responses-table tbody .response-col_status")).to_contain_text("200")
        expect(call.locator(".live-responses-table")).to_contain_text('"label"')


def test_a_picture_sent_on_the_swagger_page_comes_back_with_its_heat_map(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}/docs") as page:
        call = page.locator("#operations-explain-explain_catdog")
        call.locator("button.opblock-summary-control").click()
        file = {"name": "red.png", "mimeType": "image/png", "buffer": png("RGB", (60, 60), (200, 30, 30))}
        call.locator("input[type=file]").set_input_files(file)
        call.locator(".execute").click()
        picture = call.locator(".live-responses-table img")
        expect(picture).to_be_visible()
        assert picture.evaluate("async (picture) => { await picture.decode(); return picture.naturalWidth; }") > 400


def test_a_call_can_be_found_on_the_redoc_page(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}/redoc") as page:
        expect(page.get_by_role("heading", name="Quartet")).to_be_visible()
        page.get_by_placeholder("Search...").fill("heat map")
        found = page.locator("[data-role='search:results'] li")
        expect(found.first).to_be_visible()
        found.first.click()
        assert "#" in page.url
