"""What each task is trained by: `training.recipes.<task>` has its recipes, its data and its card's text."""

from importlib import import_module
from typing import TYPE_CHECKING

from app.errors import ConfigurationError
from app.tasks import TASKS

# To name a data set, nothing of Keras is needed.
if TYPE_CHECKING:
    from training.recipes.base import Recipe, TaskTraining


def training_of(task: str) -> "TaskTraining":
    """Return all that training knows of a task.

    Raises:
        ConfigurationError: nothing is known of it.
    """
    name = f"training.recipes.{task}"
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ConfigurationError(
            f"nothing is known of how to train {task}: there is no training/recipes/{task}.py"
        ) from error
    training: TaskTraining = module.TRAINING
    return training


def all_recipes() -> "tuple[Recipe, ...]":
    """Return the recipes of all tasks, in the tasks' order."""
    return tuple(recipe for task in TASKS for recipe in training_of(task.name).recipes)


def find_recipe(task: str, name: str | None = None) -> "Recipe":
    """Return the recipe of that name, or the task's own.

    Raises:
        ConfigurationError: the task has none; the text lists those it has.
    """
    recipes = training_of(task).recipes
    if name is None:
        return recipes[-1]
    for recipe in recipes:
        if recipe.name == name:
            return recipe
    names = ", ".join(recipe.name for recipe in recipes)
    raise ConfigurationError(f"no recipe {name!r} for {task}: it has {names}")
