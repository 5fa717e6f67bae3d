"""The servers that are compared: what each needs installed, how it is started, and how it is asked."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.speed.client import request_bytes

SERVERS = Path(__file__).parent / "servers"
TENSORFLOW = ("tensorflow-cpu==2.21.0", "pillow>=11")
BOUNDARY = "quartet-benchmark"
# Two workers share two cores.
ONE_THREAD = {"BENCH_THREADS": "1"}

Asked = Callable[[bytes], bytes]
"""Makes the whole request from the picture's bytes."""


@dataclass(frozen=True)
class Contender:
    """One way to serve the model.

    `packages` are installed into an environment of its own; without any it runs in the project's. `command` is what is
    started, `{bin}` and `{port}` filled in. `settings` is what the report says of its configuration.
    """

    name: str
    title: str
    command: tuple[str, ...]
    ask: Asked
    settings: str
    packages: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


def raw(path: str, content_type: str = "image/jpeg") -> Asked:
    """Send the bytes as the body."""
    return lambda body: request_bytes(path, body, content_type)


def form(path: str, name: str) -> Asked:
    """Send the bytes as a file of a multipart form."""

    def ask(body: bytes) -> bytes:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="picture.jpg"\r\n'
        part = f"{head}Content-Type: image/jpeg\r\n\r\n".encode() + body
        whole = part + f"\r\n--{BOUNDARY}--\r\n".encode()
        return request_bytes(path, whole, f"multipart/form-data; boundary={BOUNDARY}")

    return ask


def open_inference(path: str) -> Asked:
    """Send the bytes in base64 in the Open Inference Protocol's JSON."""

    def ask(body: bytes) -> bytes:
        data = base64.b64encode(body).decode()
        tensor = {"name": "picture", "shape": [1, 1], "datatype": "BYTES", "data": [data]}
        return request_bytes(path, json.dumps({"inputs": [tensor]}).encode(), "application/json")

    return ask


def ours(name: str, settings: str, **environment: str) -> Contender:
    """The service itself, asked with an X-ray."""
    return Contender(
        name=f"quartet-{name}",
        title=f"Quartet, {name}",
        command=("{bin}/quartet", "serve", "--port", "{port}"),
        ask=raw("/predict/pneumonia"),
        settings=settings,
        environment={"QUARTET_LOG_LEVEL": "warning", **environment},
    )


ECHO = Contender(
    "echo", "FastAPI, echo", ("{bin}/python", str(SERVERS / "echo.py")), raw("/echo"), "answers with the body, no log"
)

CONTENDERS = (
    ours("openvino", "defaults", QUARTET_ENGINE="auto"),
    ours("tensorflow", "`QUARTET_ENGINE=tensorflow`, else defaults", QUARTET_ENGINE="tensorflow"),
    Contender(
        "tutorial",
        "FastAPI, model.predict",
        ("{bin}/python", str(SERVERS / "tutorial.py")),
        raw("/predict"),
        "one process; an `async` route that decodes with Pillow and calls `model.predict`; TensorFlow's own threads",
        ("fastapi", "uvicorn[standard]", *TENSORFLOW),
    ),
    Contender(
        "litserve",
        "LitServe",
        ("{bin}/python", str(SERVERS / "litserve_server.py")),
        raw("/predict"),
        "`workers_per_device=2`, one TensorFlow thread each, `max_batch_size` 8, `batch_timeout` 5 ms; the raw body, "
        "not base64 in JSON",
        ("litserve", *TENSORFLOW),
        ONE_THREAD,
    ),
    Contender(
        "bentoml",
        "BentoML",
        ("{bin}/bentoml", "serve", "bento_service:PictureService", "--port", "{port}"),
        form("/predict", "pictures"),
        "`workers=2`, one TensorFlow thread each, adaptive batching up to 8, `max_latency_ms` 60,000 so that none is "
        "refused; a multipart form, as a batchable call takes",
        ("bentoml", *TENSORFLOW),
        {"BENTOML_DO_NOT_TRACK": "True", **ONE_THREAD},
    ),
    Contender(
        "ray",
        "Ray Serve",
        ("{bin}/python", str(SERVERS / "ray_server.py")),
        raw("/predict"),
        "two replicas of one CPU and one TensorFlow thread, `serve.batch` up to 8 or 5 ms, `max_ongoing_requests` 256, "
        "`RAY_SERVE_THROUGHPUT_OPTIMIZED`",
        ("ray[serve]", *TENSORFLOW),
        {"RAY_USAGE_STATS_ENABLED": "0", "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1", **ONE_THREAD},
    ),
    Contender(
        "mlserver",
        "MLServer",
        ("{bin}/mlserver", "start", str(SERVERS / "mlserver_model")),
        open_inference("/v2/models/pneumonia/infer"),
        "custom runtime, `parallel_workers` 2, one TensorFlow thread each, adaptive batching up to 8 or 5 ms; base64 "
        "in its protocol's JSON",
        # 1.7.1 asks for an event loop where newer uvloops have none.
        ("mlserver", "uvloop<0.22", *TENSORFLOW),
        {"MLSERVER_HTTP_PORT": "{port}", "MLSERVER_GRPC_PORT": "{next_port}", **ONE_THREAD},
    ),
)


def contender_named(name: str) -> Contender:
    """Return the contender of that name.

    Raises:
        KeyError: there is none.
    """
    return {contender.name: contender for contender in (*CONTENDERS, ECHO)}[name]
