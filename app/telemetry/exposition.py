"""What a scrape is answered: the metrics of this process, or of all that share the port."""

import os
import struct
from collections.abc import Iterable, Iterator
from functools import partial

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from app.telemetry.metrics import UNSEEN
from app.telemetry.shared import FOLDER_VARIABLE, process_ids

READS = 3
"""Of shared files: one that a process is just making has no content yet."""


def exposed(metrics: CollectorRegistry) -> Collector:
    """Return what is shown of an application's metrics and of the processes that serve it.

    Where prometheus_client shares its values between processes, in the folder that its variable names, they are all
    processes' together.
    """
    registry = CollectorRegistry()
    PlatformCollector(registry)
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder is None:
        registry.register(_Shown(metrics))
        ProcessCollector(registry=registry)
        GCCollector(registry)
    else:
        registry.register(_Shown(_Shared(folder)))
        registry.register(_Processes(folder))
    return registry


def render(collector: Collector, accept: str) -> tuple[bytes, str]:
    """Return a scrape's answer and its content type: OpenMetrics to who accepts it, else Prometheus's text format."""
    encode, content_type = choose_encoder(accept)
    return encode(collector), content_type


class _Shown(Collector):
    """Leaves out what is `UNSEEN`, and times of creation, which only one process alone would have."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    def collect(self) -> Iterator[Metric]:
        for metric in self._collector.collect():
            metric.samples = [
                sample
                for sample in metric.samples
                if not sample.name.endswith("_created") and UNSEEN.get(sample.name) != sample.value
            ]
            yield metric

    def describe(self) -> Iterable[Metric]:
        # Not asked for its names now, when other processes' are not known yet.
        return ()


class _Shared(Collector):
    """What all processes have counted."""

    def __init__(self, folder: str) -> None:
        self._collector = MultiProcessCollector(None, folder)

    def collect(self) -> Iterable[Metric]:
        for _ in range(READS - 1):
            try:
                return list(self._collector.collect())
            except struct.error:
                continue
        return list(self._collector.collect())


class _Processes(Collector):
    """`process_*` of each process that serves, by its number among them."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        for number, pid in process_ids(self._folder):
            for metric in ProcessCollector(pid=partial(str, pid), registry=None).collect():
                family = families.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
                for sample in metric.samples:
                    family.add_sample(sample.name, {**sample.labels, "process": number}, sample.value)
        return families.values()

    def describe(self) -> Iterable[Metric]:
        return ()
