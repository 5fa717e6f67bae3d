"""The schema of `manifest.json`: all that a model folder says of itself."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.inputs.spec import InputSpec

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Probability = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Estimate(_Part):
    """A figure with its bootstrap 95 % interval (percentile method, Efron 1979)."""

    value: float
    low: float
    high: float


class DatasetInfo(_Part):
    """The data a model was made from, and how it was split."""

    name: str
    digest: Sha256 = Field(description="sha256 over the sorted names, labels and contents of all examples")
    train: int = Field(gt=0, description="examples trained on")
    validation: int = Field(gt=0, description="examples held out for every choice and figure here")
    validation_fraction: float = Field(gt=0, lt=1)
    grouped_by: str | None = Field(description="what is never on both sides of the split: a patient, say")
    skipped: int = Field(ge=0, description="examples that could not be read")


class SplitMetrics(_Part):
    """Figures on one split, each with its interval."""

    split: str
    examples: int = Field(gt=0)
    values: dict[str, Estimate] = Field(description="accuracy, macro_f1, auc, ece, precision/LABEL, recall/LABEL ...")


class OperatingPoint(_Part):
    """The decision threshold of a two-class model and what it gives on validation."""

    positive: str
    threshold: Probability
    chosen_by: str
    sensitivity: Estimate
    specificity: Estimate


class OodRule(_Part):
    """Inputs whose `ood_score` is above the threshold are not of the kind that the model was trained on."""

    method: str
    threshold: float
    chosen_by: str


class Manifest(_Part):
    """A model folder's description. `files` lists every other file of the folder with its sha256."""

    schema_version: Literal[1] = 1
    task: str
    version: int = Field(gt=0)
    created: datetime
    recipe: str
    seed: int
    command: str = Field(description="the command that made this folder, paths left out")
    libraries: dict[str, str]
    parameters: int = Field(gt=0)
    labels: tuple[str, ...] = Field(min_length=2)
    input: InputSpec
    temperature: float = Field(gt=0)
    operating_point: OperatingPoint | None = None
    ood: OodRule
    dataset: DatasetInfo
    metrics: tuple[SplitMetrics, ...]
    files: dict[str, Sha256]

    @model_validator(mode="after")
    def _consistent(self) -> "Manifest":
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("labels must be distinct")
        point = self.operating_point
        if point is not None and (len(self.labels) != 2 or point.positive not in self.labels):
            raise ValueError("an operating point needs two labels, one of them `positive`")
        for name in self.files:
            parts = name.split("/")
            if name.startswith("/") or "\\" in name or ".." in parts or "." in parts or "" in parts:
                raise ValueError(f"{name!r} is not a plain path inside the model folder")
        return self
