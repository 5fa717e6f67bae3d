"""How many replicas there are and what each may use; all else is in the service's own settings."""

import math
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from app.cores import available_cores
from app.tasks import TASKS


def _share() -> float:
    """Return a core, or less where this machine has fewer than an ingress and one replica of each task would take.

    Ray counts in steps of a ten-thousandth, and places nothing that does not fit.
    """
    return min(1.0, math.floor(10_000 * available_cores() / (len(TASKS) + 1)) / 10_000)


def _known(task: str) -> str:
    names = [known.name for known in TASKS]
    if task not in names:
        raise ValueError(f"there is no task {task!r}; the tasks are {', '.join(names)}")
    return task


TaskName = Annotated[str, AfterValidator(_known)]


class Replicas(BaseModel):
    """The replicas of a task."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_replicas: PositiveInt = Field(1, description="replicas when nobody asks")
    max_replicas: PositiveInt = Field(4, description="most replicas")
    cpus: PositiveFloat = Field(
        default_factory=_share,
        description="cores of a replica: it has a worker for each, one at least. Unless set, 1, or less on a machine "
        "that has not one for each task and the ingress",
    )

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.max_replicas < self.min_replicas:
            raise ValueError(f"max_replicas ({self.max_replicas}) is below min_replicas ({self.min_replicas})")
        return self


class Options(Replicas):
    """Arguments of the Serve application: `serve run deploy.ray_serve:app max_replicas=8`, or `args:` in its config."""

    tasks: Mapping[TaskName, Replicas] = Field(
        default_factory=dict, description="the replicas of a task, by its name, where they are to be others"
    )
    ingress_replicas: PositiveInt = Field(1, description="replicas that speak HTTP: they read bodies and forward them")
    ingress_cpus: NonNegativeFloat = Field(default_factory=_share, description="cores of each of those, as `cpus`")
    upscale_delay_s: NonNegativeFloat = Field(10, description="how long a queue lasts before a replica is added")
    downscale_delay_s: NonNegativeFloat = Field(300, description="how long a replica is spare before it is taken away")

    def of(self, task: str) -> Replicas:
        """Return the replicas of a task."""
        return self.tasks.get(task, self)
