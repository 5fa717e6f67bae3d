"""All recipes, by task and name."""

from training.recipes import catdog, digit, pneumonia, topic
from training.recipes.base import Recipe

ALL: tuple[Recipe, ...] = (*topic.RECIPES, *digit.RECIPES, *catdog.RECIPES, *pneumonia.RECIPES)


def recipes_for(task: str) -> tuple[Recipe, ...]:
    """Return a task's recipes, the reference ones first."""
    return tuple(recipe for recipe in ALL if recipe.task == task)


def find_recipe(task: str, name: str) -> Recipe:
    """Return the recipe of that name.

    Raises:
        KeyError: the task has none; the text lists those it has.
    """
    for recipe in recipes_for(task):
        if recipe.name == name:
            return recipe
    names = ", ".join(recipe.name for recipe in recipes_for(task))
    raise KeyError(f"no recipe {name!r} for {task}: it has {names}")
