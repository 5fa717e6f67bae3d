"""Debian's Chromium, headless, and visits to pages that note what a user's console and network would show."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

# It runs as root in containers, and asks nobody for anything of its own.
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 60_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a browser; skips the test where Chromium is not installed."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        yield browser
        browser.close()


@contextmanager
def visit(browser: Browser, address: str, expected: str | None = None, **context: Any) -> Iterator[Page]:
    """Open a page as a new visitor, and check in the end that it asked no other host and complained of nothing.

    A page's complaints are its console's errors and warnings, breaches of its policy among them, and exceptions that
    nothing caught.

    Args:
        browser: the browser.
        address: of the page.
        expected: what each complaint must contain, where some are due.
        context: options of the browser's context.
    """
    complaints: list[str] = []
    requests: list[str] = []
    with browser.new_context(**context) as visitor:
        visitor.set_default_timeout(PATIENCE_MS)
        page = visitor.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(address)
        yield page
    host = "/".join(address.split("/")[:3])
    assert [url for url in requests if not url.startswith((f"{host}/", "blob:", "data:"))] == []
    assert [text for text in complaints if expected is None or expected not in text] == []
    assert (expected is None) or complaints
