"""What routes need of the application they belong to. All `async`: FastAPI would run others on a thread each."""

from typing import Annotated

from fastapi import Depends, Request

from app.problem_types import NOT_FOUND
from app.problems import ProblemError
from app.serving.predictor import Predictor
from app.serving.registry import Registry, TaskState
from app.settings import Settings


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _registry(request: Request) -> Registry:
    registry: Registry = request.app.state.registry
    return registry


async def _predictor(request: Request) -> Predictor:
    predictor: Predictor = request.app.state.predictor
    return predictor


SettingsOf = Annotated[Settings, Depends(_settings)]
RegistryOf = Annotated[Registry, Depends(_registry)]
PredictorOf = Annotated[Predictor, Depends(_predictor)]


async def _task_state(task: str, registry: RegistryOf) -> TaskState:
    """Return the state of the task that the path names."""
    try:
        return registry.state(task)
    except KeyError as error:
        names = ", ".join(state.task.name for state in registry.states())
        raise ProblemError(NOT_FOUND, f"There is no task {task!r}. The tasks are {names}.") from error


TaskStateOf = Annotated[TaskState, Depends(_task_state)]
