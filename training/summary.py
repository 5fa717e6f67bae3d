"""`summary.json`: all that a finished run says of itself, for people and for `quartet compare`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.serving.manifest import DatasetInfo, OodRule, OperatingPoint, SplitMetrics
from training.datasets.base import Dataset
from training.recipes.base import Recipe
from training.run import SUMMARY_FILE, RunError
from training.stopwatch import Part
from training.train import Calibrated, library_versions


class RunSummary(BaseModel):
    """What was run, on what, for how long, and what came of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    task: str
    recipe: str = Field(description="its name within the task")
    summary: str = Field(description="what the recipe does, in a sentence")
    command: str = Field(description="the command that repeats the run, paths left out")
    seed: int
    dataset: DatasetInfo
    epochs: dict[str, int] = Field(description="epochs run in each fitting stage that has epochs")
    seconds: float = Field(ge=0, description="wall time of all parts, reading the data and measuring included")
    device: str = Field(description="what it ran on; more than one if the parts differ")
    parts: tuple[Part, ...] = Field(description="the stretches of a run that was interrupted, or the one")
    parameters: int = Field(gt=0)
    temperature: float = Field(gt=0)
    operating_point: OperatingPoint | None
    ood: OodRule
    metrics: tuple[SplitMetrics, ...] = Field(min_length=1, description="validation first, then its parts")
    shifts: tuple[SplitMetrics, ...] = Field(description="validation under each change of its pictures")
    libraries: dict[str, str] = Field(description="versions that the last part ran with; each part has its own")


def summarise(
    recipe: Recipe, data: Dataset, calibrated: Calibrated, seed: int, command: str, parts: tuple[Part, ...]
) -> RunSummary:
    """Sum up a run that has been measured."""
    fitted = calibrated.fitted
    return RunSummary(
        task=recipe.task,
        recipe=recipe.name,
        summary=recipe.summary,
        command=command,
        seed=seed,
        dataset=dataset_info(data),
        epochs={stage: len(next(iter(history.values()), [])) for stage, history in fitted.histories.items()},
        seconds=round(sum(part.seconds for part in parts), 1),
        device=", then ".join(dict.fromkeys(part.device for part in parts)),
        parts=parts,
        parameters=fitted.network.parameters,
        temperature=calibrated.temperature,
        operating_point=calibrated.operating_point,
        ood=calibrated.ood,
        metrics=calibrated.metrics,
        shifts=tuple(shift.metrics for shift in calibrated.shifts),
        libraries=library_versions(),
    )


def dataset_info(data: Dataset) -> DatasetInfo:
    """Describe a data set without its examples."""
    return DatasetInfo(
        name=data.name,
        digest=data.digest,
        train=len(data.train),
        validation=len(data.validation),
        validation_fraction=data.validation_fraction,
        grouped_by=data.grouped_by,
        skipped=len(data.skipped),
    )


def read_summary(folder: Path) -> RunSummary:
    """Return a run folder's summary.

    Raises:
        RunError: there is none, or the file is none.
    """
    path = folder / SUMMARY_FILE
    try:
        return RunSummary.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RunError(
            f"{folder} has no {SUMMARY_FILE} ({error.strerror}): a run has one once it has ended; `quartet train` "
            "with --resume goes on with one that has not"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the document"
        raise RunError(f"{path} is not the summary of a run: {where}: {first['msg']}") from error
