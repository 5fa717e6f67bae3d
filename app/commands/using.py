"""From a command's options to what it works with: the settings, the task, and one loaded model."""

import warnings
from typing import Any

from pydantic import ValidationError

from app.errors import ConfigurationError
from app.main import registry_of
from app.serving.errors import ModelUnavailableError, VersionNotFoundError, VersionRefusedError
from app.serving.model import LoadedModel
from app.settings import Settings
from app.tasks import Task, task_named


def settings_with(**given: Any) -> Settings:
    """Return the settings of the environment, those given that are not None replaced.

    Raises:
        ConfigurationError: a value cannot be used; the error names each.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        # A default that builds on the wrong value is no error of its own.
        errors = [found for found in error.errors() if found["type"] != "default_factory_not_called"]
        raise ConfigurationError("; ".join(map(_described, errors))) from error


def task_with(name: str, threshold: float | None) -> Task:
    """Return a task, whose answers have a threshold if one is given.

    Raises:
        ConfigurationError: they have none.
    """
    task = task_named(name)
    if threshold is not None and not task.has_threshold:
        raise ConfigurationError(f"--threshold: the answer to {task.name} has none")
    return task


def model_for(settings: Settings, task: str, version: int | None = None) -> LoadedModel:
    """Load the model of a task that a service of these settings would serve, or else the version named.

    Raises:
        ConfigurationError: there is no such model or it must not be used; the error says why.
    """
    # Pillow warns of odd metadata in other words for each file.
    warnings.filterwarnings("ignore", module="PIL")
    registry = registry_of(settings.model_copy(update={"versions_kept": 1}), [task_named(task)])
    try:
        if version is None:
            registry.load()
        else:
            registry.reload(task, version)
        return registry.model(task)
    except (ModelUnavailableError, VersionNotFoundError, VersionRefusedError) as error:
        raise ConfigurationError(str(error)) from error


def _described(error: Any) -> str:
    name = ".".join(str(part) for part in error["loc"])
    return f"{f'QUARTET_{name.upper()}: ' if name else ''}{error['msg']}"
