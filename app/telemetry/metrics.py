"""Every metric of the service, each defined once, bound to its labels once and counted where the thing happens."""

from collections.abc import Iterable
from math import inf
from platform import python_version
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from app.problem_types import CLIENT_GONE, DEADLINE, QUEUE_FULL
from app.serving.manifest import Manifest
from app.serving.observer import LoadOutcome, ModelObserver
from app.telemetry.facts import RequestFacts

REQUEST_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Seconds: from half of what a text takes to the default deadline."""

STAGE_BUCKETS = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30)
"""Seconds: a text is read in less than the first."""

BATCH_BUCKETS = (1, 2, 4, 8, 16, 32)
"""Inputs: up to `app.serving.model.MAX_BATCH`."""

FORESEEN = (QUEUE_FULL, DEADLINE.slug, CLIENT_GONE)
"""Reasons whose series are there from the start, at 0: of one that begins at 1 the first increase is not seen."""

MODEL_INFO = "quartet_model_info"

MODEL_AVAILABLE = "quartet_model_available"

UNSEEN = {MODEL_INFO: 0.0, MODEL_AVAILABLE: inf}
"""The value at which a series is not shown: none can be removed from what several processes share."""


class RequestMetrics(Protocol):
    """Counts requests. For one event loop."""

    def began(self, task: str) -> None:
        """A request's head has come."""

    def ended(self, task: str) -> None:
        """The request that began has been dealt with."""

    def answered(self, facts: RequestFacts) -> None:
        """It is answered but for the last bytes."""

    def refused(self, reason: str) -> None:
        """A connection was refused, or what came on it, before there was a request."""


class Metrics:
    """The metrics of one application, in a registry of their own. An `Observer` and `RequestMetrics`.

    Args:
        version: the service's.
        tasks: the tasks' names.
        capacity: inputs that may be inside for each task, in this process.
    """

    def __init__(self, version: str, tasks: Iterable[str], capacity: int) -> None:
        registry = self.registry = CollectorRegistry()
        self._requests = Histogram(
            "quartet_request_duration_seconds",
            "From a request's head to the last byte of its answer, the upload included.",
            ("task", "route", "method", "status"),
            buckets=REQUEST_BUCKETS,
            registry=registry,
        )
        self._in_progress = Gauge(
            "quartet_requests_in_progress",
            "Requests that are being received or answered.",
            ("task",),
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._rejected = Counter(
            "quartet_rejected_total",
            "Requests answered with a problem, or refused on their connection, by why.",
            ("task", "reason"),
            registry=registry,
        )
        self._depth = Gauge(
            "quartet_queue_depth",
            "Inputs let in and not yet answered: those worked on and those that wait.",
            ("task",),
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._capacity = Gauge(
            "quartet_queue_capacity",
            "Inputs that may be let in at the same time: a request beyond is refused.",
            ("task",),
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._stages = Histogram(
            "quartet_stage_duration_seconds",
            "decode: one input read. queue: one wait for a worker or a batch. infer: one run of the model.",
            ("task", "stage"),
            buckets=STAGE_BUCKETS,
            registry=registry,
        )
        self._batches = Histogram(
            "quartet_batch_size",
            "Inputs that the model ran together.",
            ("task",),
            buckets=BATCH_BUCKETS,
            registry=registry,
        )
        self._predictions = Counter(
            "quartet_predictions_total",
            "Inputs answered, by the answer's label.",
            ("task", "label", "version"),
            registry=registry,
        )
        self._strangers = Counter(
            "quartet_out_of_distribution_total",
            "Inputs answered that are unlike what the model was trained on.",
            ("task", "version"),
            registry=registry,
        )
        self._loads = Counter(
            "quartet_model_loads_total",
            "Model versions loaded, or refused by their checks.",
            ("task", "outcome"),
            registry=registry,
        )
        self._info = Gauge(
            MODEL_INFO,
            "The model that serves a task.",
            ("task", "version", "sha256", "engine", "recipe"),
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._available = Gauge(
            MODEL_AVAILABLE,
            "Whether a model serves the task; of several processes, in all of them.",
            ("task",),
            registry=registry,
            multiprocess_mode="livemin",
        )
        build = Gauge(
            "quartet_build_info",
            "The service's version and Python's.",
            ("version", "python"),
            registry=registry,
            multiprocess_mode="livemax",
        )
        build.labels(version, python_version()).set(1)
        self._progress_of = {task: self._in_progress.labels(task) for task in ("", *tasks)}
        self._duration_of: dict[tuple[str, str, str, int | None], Histogram] = {}
        self._rejected_of: dict[tuple[str, str], Counter] = {}
        self._info_of: dict[str, Gauge] = {}
        for task in tasks:
            self._capacity.labels(task).set(capacity)
            self._available.labels(task).set(0)
            self._depth.labels(task)
            self._loads.labels(task, "loaded")
            self._loads.labels(task, "refused")
            for reason in FORESEEN:
                self._rejected.labels(task, reason)

    def began(self, task: str) -> None:
        """Count a request in."""
        self._progress_of[task].inc()

    def ended(self, task: str) -> None:
        """Count it out."""
        self._progress_of[task].dec()

    def answered(self, facts: RequestFacts) -> None:
        """Count its answer."""
        key = (facts.task, facts.route, facts.method, facts.status)
        duration = self._duration_of.get(key)
        if duration is None:
            duration = self._requests.labels(facts.task, facts.route, facts.method, facts.status_label)
            self._duration_of[key] = duration
        duration.observe(facts.seconds)
        if facts.problem:
            why = (facts.task, facts.problem)
            rejected = self._rejected_of.get(why)
            if rejected is None:
                rejected = self._rejected_of[why] = self._rejected.labels(*why)
            rejected.inc()

    def refused(self, reason: str) -> None:
        """Count what a connection was refused for."""
        self._rejected.labels("", reason).inc()

    def of_model(self, manifest: Manifest) -> ModelObserver:
        """Return who counts for a model. Its series are there from now on, at 0."""
        task, version = manifest.task, str(manifest.version)
        return _ModelMetrics(
            self._depth.labels(task),
            self._stages.labels(task, "queue"),
            self._stages.labels(task, "decode"),
            self._stages.labels(task, "infer"),
            self._batches.labels(task),
            {label: self._predictions.labels(task, label, version) for label in manifest.labels},
            self._strangers.labels(task, version),
        )

    def loaded(self, task: str, outcome: LoadOutcome) -> None:
        """Count a load."""
        self._loads.labels(task, outcome).inc()

    def serves(self, manifest: Manifest, sha256: str, engine: str) -> None:
        """Show the model in place of the one that served its task before."""
        task = manifest.task
        self._hide(task)
        info = self._info.labels(task, str(manifest.version), sha256, engine, manifest.recipe)
        info.set(1)
        self._info_of[task] = info
        self._available.labels(task).set(1)

    def unloaded(self, task: str) -> None:
        """Show no model of the task, and that none is missed."""
        self._hide(task)
        # Of several processes the least is shown: a model that one of them still serves, or misses.
        self._available.labels(task).set(UNSEEN[MODEL_AVAILABLE])

    def _hide(self, task: str) -> None:
        shown = self._info_of.pop(task, None)
        if shown is not None:
            shown.set(UNSEEN[MODEL_INFO])


class _ModelMetrics:
    """Counts for one model, without a look-up of labels."""

    def __init__(
        self,
        depth: Gauge,
        queue: Histogram,
        decode: Histogram,
        infer: Histogram,
        batch: Histogram,
        predictions: dict[str, Counter],
        strangers: Counter,
    ) -> None:
        self._depth = depth
        self._queue = queue
        self._decode = decode
        self._infer = infer
        self._batch = batch
        self._predictions = predictions
        self._strangers = strangers

    def entered(self, count: int) -> None:
        self._depth.inc(count)

    def left(self, count: int) -> None:
        self._depth.dec(count)

    def waited(self, start: float, end: float) -> None:
        self._queue.observe(end - start)

    def decoded(self, start: float, end: float) -> None:
        self._decode.observe(end - start)

    def ran(self, size: int, start: float, end: float) -> None:
        self._infer.observe(end - start)
        self._batch.observe(size)

    def answered(self, label: str, in_distribution: bool) -> None:
        self._predictions[label].inc()
        if not in_distribution:
            self._strangers.inc()


class Uncounted:
    """`RequestMetrics` where none are wanted."""

    def began(self, task: str) -> None:
        """Forget it."""

    def ended(self, task: str) -> None:
        """Forget it."""

    def answered(self, facts: RequestFacts) -> None:
        """Forget it."""

    def refused(self, reason: str) -> None:
        """Forget it."""
