"""Requests that are turned away on their connection are counted and logged as those that the application answers."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from app.settings import Settings
from app.telemetry.logs import JsonFormatter
from helpers.blocked import blocked_service
from helpers.pictures import png
from helpers.scraping import scrape

PICTURE = png("RGB", (9, 9), (1, 1, 1))
ROUTES = (
    "/predict/catdog",
    "/predict/catdog/batch",
    "/v2/models/{model}/infer",
    "/v2/models/{model}/versions/{version}/infer",
)


@pytest.mark.parametrize("route", ROUTES)
def test_a_request_without_room_is_counted_and_logged(
    tiny_models: Path, caplog: pytest.LogCaptureFixture, route: str
) -> None:
    caplog.set_level(logging.INFO)
    path = route.replace("{model}", "catdog").replace("{version}", "1")
    with blocked_service(tiny_models, Settings(workers=1, max_queue=0)) as blocked, ThreadPoolExecutor(1) as pool:
        inside = pool.submit(httpx.post, f"{blocked.address}/predict/catdog", content=PICTURE, timeout=30)
        blocked.wait_for(1)
        refused = httpx.post(f"{blocked.address}{path}?who=doe", content=PICTURE, headers={"X-Request-ID": "mine"})
        found = scrape(blocked.address)
        blocked.engine.released.set()
        assert inside.result().status_code == 200
    assert refused.status_code == 503
    counted = {"task": "catdog", "route": route, "method": "POST", "status": "503"}
    assert found.value("quartet_request_duration_seconds_count", **counted) == 1
    assert found.value("quartet_rejected_total", task="catdog", reason="queue-full") == 1
    [record] = [one for one in caplog.records if "mine" in one.getMessage()]
    assert record.getMessage().endswith(f' - "POST {path}" 503 mine')
    line = json.loads(JsonFormatter().format(record))
    assert 0 < line.pop("duration") < 60
    said = ("message", "request_id", "client", "method", "route", "status", "problem", "bytes", "task")
    assert {name: line[name] for name in said} == {
        "message": f"POST {route} 503",
        "request_id": "mine",
        "client": "127.0.0.1",
        "method": "POST",
        "route": route,
        "status": 503,
        "problem": "queue-full",
        "bytes": len(refused.content),
        "task": "catdog",
    }
