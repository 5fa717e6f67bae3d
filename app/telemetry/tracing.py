"""Spans of each request, sent by OTLP. Imported only where tracing is asked for: it needs the extra `tracing`."""

from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from threading import Thread
from time import perf_counter, time_ns
from typing import Any

from opentelemetry import context as contexts
from opentelemetry.propagators.textmap import Getter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind, StatusCode, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from app.serving.manifest import Manifest
from app.serving.observer import RIDERS, LoadOutcome, ModelObserver, Observer
from app.telemetry.context import logged_with
from app.telemetry.facts import METHODS, OTHER, facts_of

SERVICE = "quartet"

CLOSING_SECONDS = 1.0
"""How long, at most, the end waits for the last spans to be sent."""

OTHER_METHOD = "_OTHER"
"""Stands for a method that HTTP does not have, in OpenTelemetry's semantic conventions."""

NAME_OF_OTHER_METHOD = "HTTP"
"""Stands for it in a span's name, by the same."""

Scope = MutableMapping[str, Any]


def otlp_provider(version: str) -> TracerProvider:
    """Return what sends spans by OTLP over HTTP: whereto, how many and as what the standard OTEL_* variables say."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say comes first.
    own = Resource({"service.name": SERVICE, "service.version": version})
    said = {name: value for name, value in Resource.create().attributes.items() if not _is_default(name, value)}
    provider = TracerProvider(resource=own.merge(Resource(said)), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


class Tracing:
    """Makes the spans of one application.

    A caller's trace is continued (W3C Trace Context). The attributes are those of OpenTelemetry's semantic conventions
    for HTTP servers, without what clients choose: of the path the route's template, no query, address or user agent.

    Args:
        provider: where spans go.
        version: the service's.
    """

    def __init__(self, provider: TracerProvider, version: str) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer(SERVICE, version)
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def request(self, scope: Scope) -> Iterator[None]:
        """Within the block, what happens belongs to the span of an ASGI request."""
        method = scope["method"] if scope["method"] in METHODS else OTHER_METHOD
        parent = self._propagator.extract(scope["headers"], contexts.Context(), _HEADERS)
        attributes = _known_at_the_start(scope, method)
        span = self._tracer.start_span(_name_of(method), parent, SpanKind.SERVER, attributes)
        token = contexts.attach(set_span_in_context(span, parent))
        ids = span.get_span_context()
        try:
            with logged_with(trace_id=f"{ids.trace_id:032x}", span_id=f"{ids.span_id:016x}"):
                yield
        except BaseException as error:
            span.set_attribute("error.type", type(error).__qualname__)
            span.set_status(StatusCode.ERROR)
            raise
        finally:
            _describe_answer(span, scope, method)
            contexts.detach(token)
            span.end()

    def stage(self, name: str, start: float, end: float, attributes: dict[str, AttributeValue]) -> None:
        """Add a span to that of the current request, or of each whose inputs run in the current batch.

        Args:
            name: the span's.
            start: by `time.perf_counter`, in seconds.
            end: likewise.
            attributes: the span's.
        """
        riders = RIDERS.get()
        parents = [rider.run(contexts.get_current) for rider in riders] if riders else [contexts.get_current()]
        for parent in parents:
            if get_current_span(parent).is_recording():
                span = self._tracer.start_span(name, parent, attributes=attributes, start_time=_clock_time(start))
                span.end(_clock_time(end))

    def close(self) -> None:
        """Send what is left, if that goes quickly, and stop."""
        # The SDK's own flush heeds no timeout, and its shutdown waits up to 30 s where nobody receives.
        ending = Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        ending.join(CLOSING_SECONDS)


class TracedObserver:
    """An `Observer` that also makes spans.

    Args:
        inner: hears of everything first.
        tracing: makes the spans.
    """

    def __init__(self, inner: Observer, tracing: Tracing) -> None:
        self._inner = inner
        self._tracing = tracing

    def of_model(self, manifest: Manifest) -> ModelObserver:
        """Return who also makes spans for a model."""
        return _TracedModel(self._inner.of_model(manifest), self._tracing, manifest)

    def loaded(self, task: str, outcome: LoadOutcome) -> None:
        """Pass it on."""
        self._inner.loaded(task, outcome)

    def serves(self, manifest: Manifest, sha256: str, engine: str) -> None:
        """Pass it on."""
        self._inner.serves(manifest, sha256, engine)

    def unloaded(self, task: str) -> None:
        """Pass it on."""
        self._inner.unloaded(task)


class _TracedModel:
    def __init__(self, inner: ModelObserver, tracing: Tracing, manifest: Manifest) -> None:
        self._inner = inner
        self._tracing = tracing
        self._attributes: dict[str, AttributeValue] = {
            "quartet.task": manifest.task,
            "quartet.model.version": manifest.version,
        }

    def entered(self, count: int) -> None:
        self._inner.entered(count)

    def left(self, count: int) -> None:
        self._inner.left(count)

    def waited(self, start: float, end: float) -> None:
        self._inner.waited(start, end)
        self._tracing.stage("queue", start, end, self._attributes)

    def decoded(self, start: float, end: float) -> None:
        self._inner.decoded(start, end)
        self._tracing.stage("decode", start, end, self._attributes)

    def ran(self, size: int, start: float, end: float) -> None:
        self._inner.ran(size, start, end)
        self._tracing.stage("infer", start, end, {**self._attributes, "quartet.batch.size": size})

    def answered(self, label: str, in_distribution: bool) -> None:
        self._inner.answered(label, in_distribution)


class _Headers(Getter[Iterable[tuple[bytes, bytes]]]):
    """Reads the headers of an ASGI scope, whose names are in lower case."""

    def get(self, carrier: Iterable[tuple[bytes, bytes]], key: str) -> list[str] | None:
        name = key.lower().encode()
        return [value.decode("latin-1") for found, value in carrier if found == name] or None

    def keys(self, carrier: Iterable[tuple[bytes, bytes]]) -> list[str]:
        return [name.decode("latin-1") for name, _ in carrier]


_HEADERS = _Headers()


def _name_of(method: str) -> str:
    return NAME_OF_OTHER_METHOD if method == OTHER_METHOD else method


def _known_at_the_start(scope: Scope, method: str) -> dict[str, AttributeValue]:
    attributes: dict[str, AttributeValue] = {
        "http.request.method": method,
        "url.scheme": scope.get("scheme", "http"),
        "network.protocol.version": scope.get("http_version", "1.1"),
    }
    if scope.get("server"):
        attributes["server.address"], attributes["server.port"] = scope["server"]
    return attributes


def _describe_answer(span: Span, scope: Scope, method: str) -> None:
    facts = facts_of(scope)
    if facts is None:
        return
    if facts.route != OTHER:
        span.update_name(f"{_name_of(method)} {facts.route}")
        span.set_attribute("http.route", facts.route)
        if "{" not in facts.route:
            # Without parameters, the template is the path, and no client chose it.
            span.set_attribute("url.path", facts.route)
    if facts.task:
        span.set_attribute("quartet.task", facts.task)
    if facts.version is not None:
        span.set_attribute("quartet.model.version", facts.version)
    if facts.status is not None:
        span.set_attribute("http.response.status_code", facts.status)
        if facts.status >= 500:
            span.set_attribute("error.type", facts.problem or str(facts.status))
            span.set_status(StatusCode.ERROR)


def _clock_time(moment: float) -> int:
    """Return a time of `time.perf_counter` as nanoseconds since 1970."""
    return time_ns() - int((perf_counter() - moment) * 1e9)


def _is_default(name: str, value: AttributeValue) -> bool:
    return name == "service.name" and str(value).startswith("unknown_service")
