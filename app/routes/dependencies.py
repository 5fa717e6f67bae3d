"""What routes need of the application they belong to. All `async`: FastAPI would run others on a thread each."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app.backend import Answers, Models
from app.problem_types import NOT_FOUND
from app.problems import ProblemError
from app.serving.reloading import Reloads
from app.serving.versions import TaskState
from app.settings import Settings


@dataclass(frozen=True)
class Service:
    """What answers a request."""

    settings: Settings
    registry: Models
    predictor: Answers


def service_of(request: Request) -> Service:
    """Return the service that a request came to. A call, where FastAPI would take a while over three dependencies."""
    state = request.app.state
    return Service(state.settings, state.registry, state.predictor)


async def _registry(request: Request) -> Models:
    return service_of(request).registry


async def _reloads(request: Request) -> Reloads:
    reloads: Reloads = request.app.state.reloads
    return reloads


async def _settings(request: Request) -> Settings:
    return service_of(request).settings


SettingsOf = Annotated[Settings, Depends(_settings)]
RegistryOf = Annotated[Models, Depends(_registry)]
ReloadsOf = Annotated[Reloads, Depends(_reloads)]


async def _task_state(task: str, registry: RegistryOf) -> TaskState:
    """Return the state of the task that the path names."""
    try:
        return registry.state(task)
    except KeyError as error:
        names = ", ".join(state.task.name for state in registry.states())
        raise ProblemError(NOT_FOUND, f"There is no task {task!r}. The tasks are {names}.") from error


TaskStateOf = Annotated[TaskState, Depends(_task_state)]
