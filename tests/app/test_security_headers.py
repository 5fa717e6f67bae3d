"""Every answer says to browsers what it may do: nothing, or for a documentation page what that needs."""

from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from helpers.pictures import jpeg
from helpers.servers import exchange, serving

PICTURE = jpeg((60, 60), (220, 30, 30))
ORIGIN = {"Origin": "https://page.example"}
EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
}
ANSWERS = [
    ("GET", "/models", {}),
    ("GET", "/models/catdog/card", {}),
    ("GET", "/models/catdog/plots/roc.png", {}),
    ("GET", "/health/live", {}),
    ("GET", "/health/ready", {}),
    ("GET", "/openapi.json", {}),
    ("GET", "/problems/overloaded", {}),
    ("GET", "/nothing", {}),
    ("GET", "/predict/digit", {}),
    ("HEAD", "/models", {}),
    ("POST", "/predict/catdog", {"content": PICTURE}),
    ("POST", "/predict/catdog", {"content": b""}),
    ("POST", "/predict/catdog", {"content": bytes(1_000_001)}),
    ("POST", "/predict/catdog/batch", {"files": [("files", PICTURE)] * 2}),
    ("POST", "/predict/topic", {"json": {"text": "oil"}}),
    ("POST", "/explain/catdog", {"content": PICTURE}),
]
PAGES = [("GET", path, {}) for path in ("/", "/docs", "/redoc", "/static/docs/swagger-ui.css", "/static/docs/none.js")]


@pytest.fixture(scope="module")
def crossing(tiny_models: object) -> Iterator[httpx.Client]:
    """A client of a service that pages of another origin may call."""
    settings = Settings(models_dir=tiny_models, max_body_bytes=1_000_000, cors_origins=("https://page.example",))
    with serving(create_app(settings)) as at, httpx.Client(base_url=at, timeout=30) as session:
        yield session


@pytest.mark.parametrize(("method", "path", "sent"), [*ANSWERS, *PAGES])
def test_every_answer_has_each_header_once(crossing: httpx.Client, method: str, path: str, sent: dict) -> None:
    for headers in ({}, ORIGIN):
        response = crossing.request(method, path, headers=headers, **sent)
        assert EVERYWHERE.items() <= dict(response.headers).items()
        assert "content-security-policy" in response.headers
        names = Counter(name.lower() for name, _ in response.headers.raw)
        assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize(("method", "path", "sent"), ANSWERS)
def test_an_answer_loads_nothing_and_is_kept_by_no_cache(
    crossing: httpx.Client, method: str, path: str, sent: dict
) -> None:
    response = crossing.request(method, path, **sent)
    assert response.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert response.headers["cache-control"] == "no-store"


def test_a_preflight_has_them_too(crossing: httpx.Client) -> None:
    response = crossing.options("/predict/digit", headers={**ORIGIN, "Access-Control-Request-Method": "POST"})
    assert response.status_code == 200
    assert EVERYWHERE.items() <= dict(response.headers).items()


def test_a_refused_body_has_them_too(address: str) -> None:
    head = b"POST /predict/catdog HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"
    assert b"x-content-type-options: nosniff" in exchange(address, head)


def policy(response: httpx.Response) -> dict[str, list[str]]:
    parts = response.headers["content-security-policy"].split(";")
    return {part.split()[0]: part.split()[1:] for part in parts}


class Inline(HTMLParser):
    """Collects what a policy without `unsafe-inline` would stop."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._element = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._element = tag if tag in {"script", "style"} else ""
        self.found += [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_endtag(self, tag: str) -> None:
        self._element = ""

    def handle_data(self, data: str) -> None:
        if self._element and data.strip():
            self.found.append(self._element)


@pytest.mark.parametrize("path", ["/", "/docs", "/redoc"])
def test_a_page_runs_no_script_but_this_services_files_and_has_none_inline(client: httpx.Client, path: str) -> None:
    page = client.get(path)
    rules = policy(page)
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == ["'self'"]
    assert rules["connect-src"] == ["'self'"]
    assert rules["base-uri"] == rules["form-action"] == rules["frame-ancestors"] == ["'none'"]
    inline = Inline()
    inline.feed(page.text)
    assert inline.found == []


def test_only_redoc_may_write_style_sheets(client: httpx.Client) -> None:
    assert policy(client.get("/"))["style-src"] == policy(client.get("/docs"))["style-src"] == ["'self'"]
    assert policy(client.get("/redoc"))["style-src"] == ["'self'", "'unsafe-inline'"]


def test_the_page_to_try_tasks_makes_no_code_or_html_of_text(client: httpx.Client) -> None:
    rules = policy(client.get("/"))
    assert rules["require-trusted-types-for"] == ["'script'"]
    assert rules["trusted-types"] == ["'none'"]
    assert rules["img-src"] == ["'self'", "blob:"]


def test_a_parser_of_inline_code_finds_it() -> None:
    inline = Inline()
    inline.feed('<p style="x" onclick="y"><script>z()</script><script src="a.js"></script><style>b{}</style>')
    assert inline.found == ["style", "onclick", "script", "style"]
