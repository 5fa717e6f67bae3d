"""Every knob of the service, each read from the environment as `QUARTET_<NAME>`."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.inputs.limits import InputLimits

MIB = 1024 * 1024


def _default_models_dir() -> Path:
    beside_package = Path(__file__).resolve().parents[1] / "models"
    return beside_package if beside_package.is_dir() else Path("models")


def _available_cpus() -> int:
    # A container may be allowed fewer cores than the machine has.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Settings(BaseSettings):
    """The service's settings."""

    model_config = SettingsConfigDict(env_prefix="QUARTET_", frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 for all")
    port: int = Field(8000, ge=0, le=65535, description="TCP port to listen on; 0 for any free one")
    models_dir: Path = Field(
        default_factory=_default_models_dir, description="folder of <task>/<version>/ model folders"
    )
    max_body_bytes: PositiveInt = Field(
        32 * MIB, description="largest request body; an uncompressed 16-bit X-ray of 4000 x 4000 pixels fits"
    )
    max_batch_items: PositiveInt = Field(64, description="most inputs in one batch request")
    max_pixels: PositiveInt = Field(
        50_000_000,
        description="most pixels of a picture, width times height; reading one takes up to 40 bytes of memory each",
    )
    max_frames: PositiveInt = Field(
        InputLimits.max_frames, description="most frames of an animated or multi-page picture"
    )
    max_characters: PositiveInt = Field(InputLimits.max_characters, description="most characters of a text")
    workers: PositiveInt = Field(
        default_factory=_available_cpus,
        description="requests read and answered at the same time, each on a thread",
    )
    inference_threads: int = Field(
        0, ge=0, description="threads that one operation of a model may use; 0 for one per core"
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="origins, separated by commas, whose pages may call from a browser; none unless set"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severe message logged")
    shutdown_seconds: PositiveInt = Field(10, description="how long requests under way may go on after a stop signal")

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @property
    def input_limits(self) -> InputLimits:
        """The limits that reading an input needs."""
        return InputLimits(max_pixels=self.max_pixels, max_frames=self.max_frames, max_characters=self.max_characters)
