"""Every knob of the service, each read from the environment as `QUARTET_<NAME>`."""

import math
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, StringConstraints, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.connections.limits import ConnectionLimits
from app.cores import available_cores
from app.inputs.decoding import DecodingRoom
from app.inputs.limits import PILLOW_MOST_PIXELS, InputLimits
from app.serving.engines import EngineChoice, EnginePolicy
from app.serving.model import MAX_BATCH
from app.serving.predictor import SchedulingPolicy
from app.serving.scheduling.batcher import BatchPolicy
from app.telemetry.logs import LogFormat

PREFIX = "QUARTET_"
KIB = 1024
MIB = 1024 * KIB
MOST_DECODING_PIXELS = 100_000_000


def _default_models_dir() -> Path:
    beside_package = Path(__file__).resolve().parents[1] / "models"
    return beside_package if beside_package.is_dir() else Path("models")


def _workers_of_each(processes: int) -> int:
    return math.ceil(available_cores() / processes)


class Settings(BaseSettings):
    """The service's settings."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", allow_inf_nan=False)

    host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 for all")
    port: int = Field(8000, ge=0, le=65535, description="TCP port to listen on; 0 for any free one")
    models_dir: Path = Field(
        default_factory=_default_models_dir,
        description="folder of `<task>/<version>/` model folders; unless set, `models` beside the program or, if there "
        "is none, in the working folder",
    )
    max_body_bytes: PositiveInt = Field(
        32 * MIB, description="largest request body; an uncompressed 16-bit X-ray of 4000 x 4000 pixels fits"
    )
    max_bodies_bytes: PositiveInt = Field(
        256 * MIB,
        description="most bytes of the bodies of all requests under way; a request beyond is refused (503). Each takes "
        "up to twice its size while it is read; at least `max_body_bytes`",
    )
    max_connections: PositiveInt = Field(
        512, description="most connections at a time; one beyond is answered 503 and closed. Each is an open file"
    )
    max_head_bytes: PositiveInt = Field(
        32 * KIB, description="most bytes of a request's line and headers; a request beyond is answered 431"
    )
    head_seconds: PositiveFloat = Field(
        10, description="how long a request's line and headers may take to come; a slower one is answered 408"
    )
    upload_seconds: PositiveFloat = Field(
        60, description="how long a body may take to come, from when the service reads it; a slower one is answered 408"
    )
    idle_seconds: PositiveFloat = Field(
        10, description="how long nothing of a body may come; after that the request is answered 408"
    )
    max_batch_items: PositiveInt = Field(64, description="most inputs in one batch request")
    max_pixels: int = Field(
        50_000_000,
        ge=1,
        le=PILLOW_MOST_PIXELS,
        description="most pixels of a picture, width times height; reading one takes 17 bytes of memory each at most",
    )
    max_decoding_pixels: PositiveInt = Field(
        default_factory=lambda known: max(MOST_DECODING_PIXELS, known.get("max_pixels", 0)),
        description="most pixels decoded at the same time in each process, whatever the workers; pictures above 4 "
        "megapixels wait for each other. At least `max_pixels`; unless set, that or 100,000,000",
    )
    max_frames: PositiveInt = Field(
        InputLimits.max_frames, description="most frames of an animated or multi-page picture"
    )
    max_characters: PositiveInt = Field(InputLimits.max_characters, description="most characters of a text")
    engine: EngineChoice = Field(
        "auto",
        description="what runs the models: `auto` takes for each the fastest engine that is installed and gives its "
        "golden answers; `tensorflow` runs all in TensorFlow; `openvino` refuses pictures that OpenVINO does not run",
    )
    openvino_cache: Path | None = Field(
        None, description="folder where OpenVINO keeps compiled models for the next start; none unless set"
    )
    processes: PositiveInt = Field(
        1,
        description="processes that share the port; each loads the models for itself. Python runs one thread at a "
        "time, so that more processes answer more texts and other small inputs",
    )
    workers: PositiveInt = Field(
        default_factory=lambda known: _workers_of_each(known.get("processes", 1)),
        description="threads of each process that read inputs and run models; unless set, the cores that the affinity "
        "and the control group's CPU quota leave, divided by `processes` and rounded up",
    )
    inference_threads: PositiveInt = Field(
        1,
        description="threads that run one input or one batch, beside each other up to `workers`; "
        "workers x inference_threads beyond the cores slows all down",
    )
    deadline_ms: PositiveInt = Field(
        30_000,
        description="how long a request that has come whole may wait for its answer, in milliseconds, before it is "
        "dropped and answered 504; its header X-Deadline-Ms can ask for less",
    )
    max_queue: int = Field(
        256,
        ge=0,
        description="most inputs for a model that wait for a worker; a request beyond is refused at once (503). "
        "Triton's `max_queue_size`; TensorFlow Serving's `max_enqueued_batches` counts batches of these",
    )
    max_batch_size: int = Field(
        8,
        ge=1,
        le=MAX_BATCH,
        description="most inputs of several requests run together, in TensorFlow; TensorFlow Serving's and Triton's "
        "`max_batch_size`",
    )
    batch_timeout_ms: float = Field(
        0,
        ge=0,
        description="how long the first input of a batch waits for more, in milliseconds, though a worker is free; "
        "TensorFlow Serving's `batch_timeout_micros`, Triton's `max_queue_delay_microseconds`",
    )
    versions_kept: PositiveInt = Field(
        1,
        description="how many versions of each task's model stay loaded, the newest at start-up; `?version=` asks for "
        "one of them. TensorFlow Serving's `latest` policy and its `num_versions`",
    )
    watch_seconds: float = Field(
        0,
        ge=0,
        description="how often the models folder is looked at for newer versions, which then serve; 0: never. "
        "TensorFlow Serving's `file_system_poll_wait_seconds`",
    )
    admin_key_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$", to_lower=True)] | None = Field(
        None,
        description="sha256 of the key that admin calls need, in hexadecimal; none of them is answered unless set",
    )
    api_keys_file: Path | None = Field(
        None,
        description="TOML file of the API keys' hashes (`quartet key NAME` makes an entry); if set, every call but "
        "the documentation and /health needs a key",
    )
    model_public_key: Path | None = Field(
        None,
        description="Ed25519 public key, PEM or OpenSSH; if set, only model folders whose manifest is signed by it are "
        "served. Needs the extra `signing`",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="origins, separated by commas, whose pages may call from a browser; none unless set"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severe message logged")
    log_format: LogFormat = Field(
        "text", description="how log lines look: uvicorn's `text`, or `json`, one object a line (docs/observability.md)"
    )
    metrics: bool = Field(True, description="whether /metrics is answered, for Prometheus, and its counts are kept")
    metrics_dir: Path | None = Field(
        None,
        description="folder in which several processes share their metrics, in a folder of its own that goes away with "
        "them; the one for temporary files unless set",
    )
    tracing: bool | None = Field(
        None,
        description="whether each request's spans are sent by OTLP, as the standard OTEL_* variables say; unless set, "
        "if OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is. Needs the extra `tracing`",
    )
    drain_seconds: float = Field(
        0,
        ge=0,
        description="how long requests are still taken after a stop signal, readiness already off, so that a load "
        "balancer notices; every answer then closes its connection",
    )
    shutdown_seconds: PositiveInt = Field(10, description="how long requests under way may go on after that")

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @model_validator(mode="after")
    def _check_bodies(self) -> Self:
        if self.max_bodies_bytes < self.max_body_bytes:
            raise ValueError(
                f"max_bodies_bytes ({self.max_bodies_bytes:,}) is below max_body_bytes ({self.max_body_bytes:,})"
            )
        return self

    @model_validator(mode="after")
    def _check_decoding(self) -> Self:
        if self.max_decoding_pixels < self.max_pixels:
            raise ValueError(
                f"max_decoding_pixels ({self.max_decoding_pixels:,}) is below max_pixels ({self.max_pixels:,})"
            )
        return self

    @property
    def connection_limits(self) -> ConnectionLimits:
        """What connections may take before a request reaches the application."""
        return ConnectionLimits(self.max_connections, self.max_head_bytes, self.head_seconds)

    @property
    def engine_policy(self) -> EnginePolicy:
        """Which engine runs the models, and with how many threads."""
        return EnginePolicy(self.engine, self.workers, self.inference_threads, self.openvino_cache)

    @property
    def scheduling_policy(self) -> SchedulingPolicy:
        """How many inputs are let in, worked on and run together."""
        batch = BatchPolicy(self.max_batch_size, self.batch_timeout_ms / 1000)
        return SchedulingPolicy(self.workers, self.max_queue, batch)

    @property
    def input_limits(self) -> InputLimits:
        """The limits that reading an input needs."""
        return InputLimits(
            max_pixels=self.max_pixels,
            max_frames=self.max_frames,
            max_characters=self.max_characters,
            decoding=DecodingRoom(self.max_decoding_pixels),
        )
