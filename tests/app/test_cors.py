from pathlib import Path

import httpx

from app.main import create_app
from app.settings import Settings
from helpers.servers import serving

ORIGIN = {"Origin": "https://page.example"}


def test_no_other_origin_may_call_unless_it_is_set(client: httpx.Client) -> None:
    assert "access-control-allow-origin" not in client.get("/health/live", headers=ORIGIN).headers


def test_an_origin_that_is_set_may_call_and_see_the_request_id(tmp_path: Path) -> None:
    settings = Settings(models_dir=tmp_path, cors_origins=("https://page.example",))
    with serving(create_app(settings)) as at:
        allowed = httpx.get(f"{at}/health/live", headers=ORIGIN)
        stranger = httpx.get(f"{at}/health/live", headers={"Origin": "https://other.example"})
    assert allowed.headers["access-control-allow-origin"] == "https://page.example"
    exposed = allowed.headers["access-control-expose-headers"]
    assert exposed == "X-Request-ID, Retry-After, Inference-Header-Content-Length"
    assert "access-control-allow-origin" not in stranger.headers
