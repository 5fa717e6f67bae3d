"""Spans of requests over a real socket: in memory, and sent by OTLP to a receiver."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from app.telemetry.context import LOG_FIELDS
from app.telemetry.service import wants_tracing
from helpers.blocked import blocked_service
from helpers.pictures import jpeg
from helpers.servers import serving

pytest.importorskip("opentelemetry.sdk", reason="the extra `tracing` is not installed")

import itertools

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from app.telemetry.tracing import Tracing
from helpers.otlp_receiver import otlp_receiver

PICTURE = jpeg((60, 60), (220, 30, 30))
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
TRACEPARENT = {"traceparent": f"00-{TRACE}-{PARENT}-01"}


def kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """Keep spans in memory that are to be sent."""
    spans = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    monkeypatch.setattr("app.telemetry.tracing.otlp_provider", lambda version: provider)
    return spans


@contextmanager
def traced(
    models: Path, monkeypatch: pytest.MonkeyPatch, **knobs: object
) -> Iterator[tuple[str, InMemorySpanExporter]]:
    """Serve with spans kept in memory."""
    spans = kept_in_memory(monkeypatch)
    with serving(create_app(Settings.model_validate({"models_dir": models, "tracing": True, **knobs}))) as at:
        yield at, spans


def by_name(spans: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in spans.get_finished_spans()}


def test_a_request_continues_its_callers_trace_with_a_span_for_each_stage(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with traced(tiny_models, monkeypatch) as (at, spans):
        assert httpx.post(f"{at}/predict/catdog?who=doe", content=PICTURE, headers=TRACEPARENT).status_code == 200
    found = by_name(spans)
    assert set(found) == {"POST /predict/catdog", "queue", "decode", "infer"}
    server = found["POST /predict/catdog"]
    assert server.kind == SpanKind.SERVER
    assert server.parent is not None
    assert (f"{server.parent.trace_id:032x}", f"{server.parent.span_id:016x}") == (TRACE, PARENT)
    port = int(at.rpartition(":")[2])
    assert dict(server.attributes or {}) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "http.route": "/predict/catdog",
        "network.protocol.version": "1.1",
        "quartet.model.version": 1,
        "quartet.task": "catdog",
        "server.address": "127.0.0.1",
        "server.port": port,
        "url.path": "/predict/catdog",
        "url.scheme": "http",
    }
    stages = [found[name] for name in ("queue", "decode", "infer")]
    for stage in stages:
        assert stage.parent is not None
        assert stage.parent.span_id == server.context.span_id
        assert stage.context.trace_id == int(TRACE, 16)
    times = [time for stage in stages for time in (stage.start_time, stage.end_time)]
    # To a microsecond: two clocks are compared.
    ordered = [server.start_time, *times, server.end_time]
    assert all(before - 1000 <= after for before, after in itertools.pairwise(ordered))


@pytest.mark.parametrize(
    ("method", "path", "name", "attribute"),
    [
        ("PROPFIND", "/", "HTTP /", "_OTHER"),
        ("PROPFIND", "/made-up", "HTTP", "_OTHER"),
        ("TRACE", "/predict/digit", "TRACE /predict/digit", "TRACE"),
        ("GET", "/made-up", "GET", "GET"),
    ],
)
def test_a_span_is_named_by_a_method_that_http_has(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch, method: str, path: str, name: str, attribute: str
) -> None:
    with traced(tiny_models, monkeypatch) as (at, spans):
        httpx.request(method, f"{at}{path}")
    [span] = spans.get_finished_spans()
    assert (span.name, (span.attributes or {})["http.request.method"]) == (name, attribute)


def test_requests_whose_inputs_run_together_each_have_the_run_among_their_spans(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    knobs = {"engine": "tensorflow", "workers": 2, "max_batch_size": 2, "batch_timeout_ms": 2000}
    with traced(tiny_models, monkeypatch, **knobs) as (at, spans), ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(httpx.post, f"{at}/predict/catdog", content=PICTURE, timeout=30) for _ in range(2)]
        assert [one.result().status_code for one in asked] == [200, 200]
    servers = {span.context.span_id for span in spans.get_finished_spans() if span.kind == SpanKind.SERVER}
    runs = [span for span in spans.get_finished_spans() if span.name == "infer"]
    assert {run.parent.span_id for run in runs if run.parent} == servers
    assert [(run.attributes or {})["quartet.batch.size"] for run in runs] == [2, 2]


def test_a_request_without_a_trace_begins_one_and_its_log_line_names_it(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fields: list[dict[str, str]] = []
    caplog.set_level("INFO")
    caplog.handler.addFilter(lambda record: fields.append(dict(LOG_FIELDS.get())) or True)
    with traced(tiny_models, monkeypatch) as (at, spans):
        httpx.get(f"{at}/models/digit", headers={"X-Request-ID": "mine", "traceparent": "nonsense"})
    [span] = spans.get_finished_spans()
    assert span.name == "GET /models/{task}"
    assert span.parent is None
    assert "url.path" not in (span.attributes or {})
    ids = {"trace_id": f"{span.context.trace_id:032x}", "span_id": f"{span.context.span_id:016x}"}
    assert {"request_id": "mine", **ids} in fields


def test_a_request_that_fails_here_is_an_error_and_one_that_was_wrong_is_none(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with traced(tiny_models, monkeypatch) as (at, spans):
        httpx.post(f"{at}/predict/catdog", content=b"nothing")
        httpx.get(f"{at}/health/ready")
        httpx.post(f"{at}/predict/catdog", content=PICTURE, headers={"X-Deadline-Ms": "1"})
    status = {(span.attributes or {}).get("http.response.status_code"): span for span in spans.get_finished_spans()}
    assert status[415].status.status_code == StatusCode.UNSET
    if 504 in status:
        assert status[504].status.status_code == StatusCode.ERROR
        assert (status[504].attributes or {})["error.type"] == "deadline-exceeded"


@pytest.mark.parametrize("version", ["", "/versions/{version}"])
def test_a_request_that_is_turned_away_on_its_connection_has_a_span_too(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    spans = kept_in_memory(monkeypatch)
    path = f"/v2/models/catdog{version.replace('{version}', '1')}/infer"
    settings = Settings(workers=1, max_queue=0, tracing=True)
    with blocked_service(tiny_models, settings) as blocked, ThreadPoolExecutor(1) as pool:
        inside = pool.submit(httpx.post, f"{blocked.address}/predict/catdog", content=PICTURE, timeout=30)
        blocked.wait_for(1)
        assert httpx.post(f"{blocked.address}{path}", headers=TRACEPARENT).status_code == 503
        blocked.engine.released.set()
        assert inside.result().status_code == 200
    span = by_name(spans)[f"POST /v2/models/{{model}}{version}/infer"]
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == PARENT
    attributes = dict(span.attributes or {})
    assert (attributes["quartet.task"], attributes["error.type"]) == ("catdog", "queue-full")
    assert attributes["http.response.status_code"] == 503


def test_fastapi_makes_no_spans_of_its_own() -> None:
    program = """
from fastapi.testclient import TestClient
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from app.main import create_app

spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)
assert TestClient(create_app()).get("/problems/malformed-request?who=doe").status_code == 200
print([span.name for span in spans.get_finished_spans()])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


def test_spans_reach_an_otlp_receiver_when_the_standard_variables_name_one(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with otlp_receiver() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{receiver.server_port}")
        monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=ward")
        with serving(create_app(Settings(models_dir=tiny_models))) as at:
            httpx.post(f"{at}/predict/catdog", content=PICTURE, headers=TRACEPARENT)
        # The last spans are sent when the service stops.
        sent, spans = receiver.resource_spans, {span.name: span for span in receiver.spans}
    about = {item.key: item.value.string_value for item in sent[0].resource.attributes}
    assert about["service.name"] == "quartet"
    assert about["service.version"]
    assert about["deployment.environment.name"] == "ward"
    assert set(spans) == {"POST /predict/catdog", "queue", "decode", "infer"}
    assert {span.trace_id.hex() for span in spans.values()} == {TRACE}
    assert spans["infer"].parent_span_id == spans["POST /predict/catdog"].span_id


def test_a_receiver_that_does_not_answer_holds_up_the_end_for_a_moment_only() -> None:
    answering = threading.Event()

    class Silent(InMemorySpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            answering.wait(20)
            return super().export(spans)

    provider, kept = TracerProvider(shutdown_on_exit=False), Silent()
    provider.add_span_processor(BatchSpanProcessor(kept))
    tracing = Tracing(provider, "1")
    try:
        with tracing.request({"type": "http", "method": "GET", "headers": []}):
            pass
        tracing.close()
        assert kept.get_finished_spans() == ()
    finally:
        answering.set()


@pytest.mark.parametrize(
    ("setting", "environment", "wanted"),
    [
        (None, {}, False),
        (True, {}, True),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, True),
        (None, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x"}, True),
        (False, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, False),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"}, False),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_the_setting_comes_before_the_standard_variables(
    setting: bool | None, environment: dict[str, str], wanted: bool
) -> None:
    assert wants_tracing(setting, environment) is wanted


def test_without_the_extra_whoever_asks_for_it_is_told_what_to_install() -> None:
    program = "import sys; sys.modules['opentelemetry.sdk'] = None; from app.cli import main; sys.exit(main(['serve']))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "QUARTET_TRACING": "true", "QUARTET_PORT": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "pip install 'quartet[tracing]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_off_it_is_not_even_imported() -> None:
    check = "import sys, app.main, app.settings; app.main.create_app(); sys.exit('opentelemetry.sdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
