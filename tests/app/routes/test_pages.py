"""The pages work without any other server."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from app.routes.pages import STATIC

REFERENCES = {"src", "href", "spec-url", "action", "poster", "data"}


class References(HTMLParser):
    """Collects what a page loads, and the text of its inline scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline = ""
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in REFERENCES and value]
        self._inside = tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.inline += data.strip()


@pytest.mark.parametrize(
    ("path", "script"),
    [
        ("/", "static/page/main.js"),
        ("/docs", "static/docs/swagger-ui-bundle.js"),
        ("/redoc", "static/docs/redoc.standalone.js"),
    ],
)
def test_a_page_loads_only_what_this_service_has(client: httpx.Client, path: str, script: str) -> None:
    page = client.get(path)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    references = References()
    references.feed(page.text)
    assert script in references.found
    for reference in references.found:
        assert not urlsplit(reference).netloc
        assert client.get(urljoin(path, reference)).status_code == 200
    assert references.inline == ""


def test_the_swagger_page_asks_for_this_services_document_and_no_validator(client: httpx.Client) -> None:
    start = client.get("/static/docs/swagger-ui-start.js").text
    assert 'url: "openapi.json"' in start
    assert "validatorUrl: null" in start
    assert client.get("/openapi.json").json()["info"]["title"] == "Quartet"


@pytest.mark.parametrize("name", ["swagger-ui.css", "redoc.standalone.js"])
def test_the_assets_name_no_address_to_load_a_picture_or_font_from(client: httpx.Client, name: str) -> None:
    text = client.get(f"/static/docs/{name}").text
    assert re.findall(r"""(?:url\(\s*["']?|\bsrc:\s*["'])(?:https?:)?//[^"')]+""", text) == []
    assert "cdn." not in text


@pytest.mark.parametrize("name", ["swagger-ui", "swagger-ui-bundle.js", "redoc", "redoc.standalone.js"])
def test_the_assets_licences_lie_beside_them(client: httpx.Client, name: str) -> None:
    assert "icen" in client.get(f"/static/docs/{name}.LICENSE").text


def test_every_module_that_the_page_imports_is_here_as_a_script_and_asked_for_anew(client: httpx.Client) -> None:
    seen: set[str] = set()
    waiting = {"/static/page/main.js"}
    while waiting:
        at = waiting.pop()
        seen.add(at)
        module = client.get(at)
        assert module.status_code == 200, at
        assert module.headers["content-type"].split(";")[0] in {"text/javascript", "application/javascript"}
        assert module.headers["cache-control"] == "no-cache"
        again = client.get(at, headers={"If-None-Match": module.headers["etag"]})
        assert again.status_code == 304
        imported = {
            urljoin(at, name) for name in re.findall(r"""^import .* from "(.+)";$""", module.text, re.MULTILINE)
        }
        waiting |= imported - seen
    assert {Path(at).name for at in seen} == {file.name for file in (STATIC / "page").glob("*.js")}
