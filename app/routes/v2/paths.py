"""The model and the version that a path names."""

from enum import Enum
from typing import Any

from fastapi import Request

from app.backend import Models
from app.problem_types import MALFORMED, NOT_FOUND
from app.problems import ProblemError
from app.serving.versions import TaskState
from app.tasks import TASKS
from app.whole_number import whole_number

PREFIX = "/v2"
TAGS: list[str | Enum] = ["Open Inference Protocol"]
MODEL = "/models/{model}"
VERSION = "/models/{model}/versions/{version}"

_MAX_DIGITS = 18

MODEL_PARAMETER: dict[str, Any] = {
    "name": "model",
    "in": "path",
    "required": True,
    "description": "a task's name",
    "schema": {"type": "string", "enum": [task.name for task in TASKS]},
}
VERSION_PARAMETER: dict[str, Any] = {
    "name": "version",
    "in": "path",
    "required": True,
    "description": "a version that is loaded",
    "schema": {"type": "string", "pattern": "^[1-9][0-9]{0,17}$", "example": "2"},
}


def parameters_of(path: str) -> list[dict[str, Any]]:
    """Return the path parameters of a route as OpenAPI describes them."""
    return [MODEL_PARAMETER, VERSION_PARAMETER] if path.startswith(VERSION) else [MODEL_PARAMETER]


def state_named(request: Request, registry: Models) -> TaskState:
    """Return the state of the model that a request's path names.

    Raises:
        ProblemError: there is no such model.
    """
    name = request.path_params["model"]
    try:
        return registry.state(name)
    except KeyError as error:
        names = ", ".join(state.task.name for state in registry.states())
        raise ProblemError(NOT_FOUND, f"There is no model {name!r}. The models are {names}.") from error


def version_named(request: Request) -> int | None:
    """Return the version that a request's path names, None if it names none.

    Raises:
        ProblemError: it is no version number.
    """
    stated = request.path_params.get("version")
    if stated is None:
        return None
    version = whole_number(stated, _MAX_DIGITS)
    if version is None:
        raise ProblemError(MALFORMED, f"The version {stated!r} is no whole number.")
    return version
