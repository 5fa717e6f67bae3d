"""The telemetry of one application put together, as its settings have it."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client.registry import Collector

from app.errors import ConfigurationError
from app.serving.observer import UNOBSERVED, Observer
from app.telemetry.exposition import exposed
from app.telemetry.metrics import Metrics, RequestMetrics, Uncounted

if TYPE_CHECKING:
    from app.telemetry.tracing import Tracing

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


@dataclass(frozen=True)
class Telemetry:
    """Who counts requests, who hears of models, what a scrape shows (if anything), and who makes spans (if any)."""

    requests: RequestMetrics
    observer: Observer
    scraped: Collector | None = None
    tracing: "Tracing | None" = None

    def close(self) -> None:
        """Send what has not been sent."""
        if self.tracing is not None:
            self.tracing.close()


def telemetry_of(
    version: str, tasks: Iterable[str], capacity: int, *, metrics: bool = True, tracing: bool = False
) -> Telemetry:
    """Return the telemetry of an application.

    Args:
        version: the service's.
        tasks: the tasks' names.
        capacity: inputs that may be inside for each task.
        metrics: whether metrics are kept.
        tracing: whether spans are sent.

    Raises:
        ConfigurationError: spans cannot be sent.
    """
    counted = Metrics(version, tuple(tasks), capacity) if metrics else None
    observer: Observer = counted or UNOBSERVED
    requests: RequestMetrics = counted or Uncounted()
    scraped = exposed(counted.registry) if counted else None
    if not tracing:
        return Telemetry(requests, observer, scraped)
    try:
        from app.telemetry.tracing import TracedObserver, Tracing, otlp_provider

        spans = Tracing(otlp_provider(version), version)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"tracing is asked for (QUARTET_TRACING, or {' or '.join(ENDPOINTS)}) and cannot be had: {error}. "
            "Install it with: pip install 'quartet[tracing]', or set QUARTET_TRACING=false"
        ) from error
    return Telemetry(requests, TracedObserver(observer, spans), scraped, spans)


def wants_tracing(setting: bool | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether spans are to be sent: as the setting says or, where it is not set, the standard variables."""
    if setting is not None:
        return setting
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or environment.get("OTEL_TRACES_EXPORTER") == "none":
        return False
    return any(environment.get(name) for name in ENDPOINTS)
