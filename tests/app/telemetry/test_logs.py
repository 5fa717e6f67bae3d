"""Log lines as JSON: of a real process, and of what else may be logged."""

import json
import logging
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.access.caller import Caller
from app.access.keys import entry_of, new_key
from app.telemetry.context import logged_with
from app.telemetry.logs import JsonFormatter, rfc3339
from helpers.pictures import jpeg
from helpers.services import command, wait_until
from helpers.services import service as text_service

PICTURE = jpeg((60, 60), (220, 30, 30))
SECRET = "patient-4711-doe"
READY = re.compile(r"Quartet is ready: http://localhost:(\d+)/docs")
Line = dict[str, Any]


def formatted(level: int = logging.INFO, error: BaseException | None = None) -> Line:
    trace = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("some.logger", level, "file", 1, "it is %d", (7,), trace)
    line: Line = json.loads(JsonFormatter().format(record))
    return line


def test_a_line_has_time_level_logger_and_message() -> None:
    line = formatted(level=logging.WARNING)
    assert (line["level"], line["logger"], line["message"]) == ("warning", "some.logger", "it is 7")
    assert datetime.fromisoformat(line["time"]).utcoffset() == timedelta(0)
    assert "request_id" not in line


def test_times_are_rfc_3339_in_utc() -> None:
    assert rfc3339(0.0015) == "1970-01-01T00:00:00.001Z"
    assert rfc3339(1_700_000_000) == "2023-11-14T22:13:20.000Z"


def test_a_message_of_several_lines_is_one_line() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, 'first\nsecond "quoted" \x1b[0m', (), None)
    text = JsonFormatter().format(record)
    assert "\n" not in text
    assert "\x1b" not in text
    assert json.loads(text)["message"] == 'first\nsecond "quoted" \x1b[0m'


def test_an_exception_is_a_field_with_its_stack_trace() -> None:
    with pytest.raises(ValueError, match="invalid") as raised:
        int("broken")
    line = formatted(error=raised.value)
    assert line["exception"].startswith("Traceback (most recent call last):")
    assert line["exception"].endswith("invalid literal for int() with base 10: 'broken'")


def test_fields_of_the_context_are_in_its_lines_alone() -> None:
    with logged_with(request_id="a"), logged_with(trace_id="b"):
        assert {**formatted(), "x": 1}.items() >= {"request_id": "a", "trace_id": "b"}.items()
    assert not {"request_id", "trace_id"} & formatted().keys()


@contextmanager
def started(models: Path, log: Path, environment: dict[str, str]) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """Start a service; the block gets its process and address. All that it says goes to `log`."""
    with (
        log.open("w") as file,
        subprocess.Popen(
            command(models), stdout=file, stderr=subprocess.STDOUT, env={**os.environ, **environment}
        ) as process,
    ):
        try:
            wait_until(lambda: process.poll() is not None or READY.search(log.read_text()) is not None, 60)
            ready = READY.search(log.read_text())
            assert ready, log.read_text()
            yield process, f"http://127.0.0.1:{ready[1]}"
        finally:
            process.kill()


@pytest.fixture(scope="module")
def logged(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Line]:
    """The lines of a service that was asked this and that, and stopped."""
    folder = tmp_path_factory.mktemp("json")
    # Without texts: TensorFlow, which runs the tiny model of those, writes lines of its own.
    models = folder / "models"
    for task in ("digit", "catdog"):
        shutil.copytree(tiny_models / task, models / task)
    key = new_key()
    (folder / "keys.toml").write_text(entry_of(key, Caller("clinic", admin=True)))
    log = folder / "log"
    environment = {"QUARTET_LOG_FORMAT": "json", "QUARTET_API_KEYS_FILE": str(folder / "keys.toml")}
    with started(models, log, environment) as (process, at):
        with httpx.Client(base_url=at, headers={"X-API-Key": key}, timeout=30) as client:
            upload = (f"{SECRET}.png", PICTURE, "image/png")
            client.post("/predict/catdog?version=1", files={"file": upload}, headers={"X-Request-ID": "mine"})
            client.post("/predict/catdog", content=b"nothing")
            client.get(f"/models/digit/plots/{SECRET}.png")
            client.get(f"/{SECRET}")
            client.post("/models/digit/reload", headers={"X-Request-ID": "reloading"})
            client.get("/models", headers={"X-API-Key": "wrong"})
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    return [json.loads(line) for line in log.read_text().splitlines()]


def requests(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line["logger"] == "app.middleware.access_log"]


def test_a_request_is_one_line_with_its_fields(logged: list[Line]) -> None:
    first = dict(requests(logged)[0])
    assert 0 < first.pop("duration") < 60
    assert first.pop("bytes") > 100
    assert first.pop("pid") > 1
    del first["time"]
    assert first == {
        "level": "info",
        "logger": "app.middleware.access_log",
        "message": "POST /predict/catdog 200",
        "request_id": "mine",
        "client": "127.0.0.1",
        "key": "clinic",
        "method": "POST",
        "route": "/predict/catdog",
        "status": 200,
        "task": "catdog",
        "model_version": 1,
    }


def test_a_problem_is_named_and_a_route_is_a_template(logged: list[Line]) -> None:
    said = [(line["route"], line["status"], line.get("problem")) for line in requests(logged)[1:]]
    assert said == [
        ("/predict/catdog", 415, "unsupported-media"),
        ("/models/{task}/plots/{name}", 404, "not-found"),
        ("other", 404, "not-found"),
        ("/models/{task}/reload", 200, None),
        ("/models", 401, "unauthenticated"),
    ]


def test_what_a_request_makes_a_worker_thread_log_has_its_id(logged: list[Line]) -> None:
    [reloaded] = [line for line in logged if line["logger"] == "app.serving.registry" and line.get("request_id")]
    assert reloaded["request_id"] == "reloading"
    assert reloaded["message"].startswith("digit: version 1 serves")


def test_the_server_and_the_start_say_what_they_say_in_the_same_form(logged: list[Line]) -> None:
    assert {"uvicorn.error", "app.serving.registry", "quartet"} <= {line["logger"] for line in logged}
    assert [line for line in logged if not line.keys() >= {"time", "level", "logger", "message"}] == []


def test_nothing_of_names_answers_or_paths_is_in_it(logged: list[Line]) -> None:
    text = json.dumps(logged)
    assert SECRET not in text
    assert '"cat"' not in text
    assert "probab" not in text


def test_text_lines_are_as_they_were(tiny_models: Path, tmp_path: Path) -> None:
    with text_service(tiny_models, tmp_path / "log") as running:
        httpx.get(f"{running.address}/health/live", headers={"X-Request-ID": "mine"})
        assert "INFO:     127.0.0.1:" in (said := running.log.read_text())
        assert ' - "GET /health/live" 200 mine\n' in said
        assert "INFO:     Application startup complete.\n" in said
