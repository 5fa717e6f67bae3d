"""The query parameters of the predict and explain calls."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

from app.tasks import Task

MAX_WORDS = 1000

Words = Annotated[int, Query(ge=1, le=MAX_WORDS, description="how many words to list at most, the strongest first")]


@dataclass(frozen=True)
class Options:
    """What a caller may choose: how many labels an answer lists, and the decision threshold."""

    shown: int | None = None
    threshold: float | None = None


def options_of(task: Task) -> Callable[..., Awaitable[Options]]:
    """Return the dependency that reads what a caller may choose for a task."""
    if task.has_threshold:
        return _threshold
    if task.shown is not None:
        return _top(task.shown, task.classes)
    return _nothing


async def _nothing() -> Options:
    return Options()


async def _threshold(
    threshold: Annotated[
        float | None,
        Query(
            ge=0,
            le=1,
            description="probability from which the answer is positive, instead of the model's own",
        ),
    ] = None,
) -> Options:
    return Options(threshold=threshold)


def _top(default: int, classes: int) -> Callable[..., Awaitable[Options]]:
    async def top_labels(
        top: Annotated[
            int, Query(ge=1, le=classes, description="how many labels to list, the likeliest first")
        ] = default,
    ) -> Options:
        return Options(shown=top)

    return top_labels
