"""What stands behind the HTTP surface: models, what answers with them, and reloads; here, or on other machines."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from app.inputs.errors import InputError
from app.serving.model import LoadedModel, Payload, Prediction
from app.serving.predictor import Predictor
from app.serving.registry import Registry
from app.serving.reloading import OwnReloads, Reloads, Wish, restore
from app.serving.scheduling.workers import Workers
from app.serving.versions import TaskState
from app.serving.watching import watching
from app.settings import Settings

Result = TypeVar("Result")


class Models(Protocol):
    """Which models there are. See `Registry`, which has them in this process."""

    def states(self) -> tuple[TaskState, ...]:
        """Return every task's state, in the order of the tasks."""
        ...

    def state(self, task: str) -> TaskState:
        """Return one task's state. Raises `KeyError` if there is no such task."""
        ...

    def model(self, task: str, version: int | None = None) -> LoadedModel:
        """Return a version of a task's model that is loaded, or else the one that serves. See `TaskState.choose`."""
        ...


class Answers(Protocol):
    """What answers with a model that `Models` has given. See `Predictor`, which does in this process."""

    async def predict(
        self,
        model: LoadedModel,
        payloads: Sequence[Payload],
        threshold: float | None = None,
        seconds: float | None = None,
    ) -> list[Prediction | InputError]:
        """Answer each payload in order; one that cannot be read gets its error."""
        ...

    async def run(
        self, model: LoadedModel, work: Callable[[LoadedModel], Result], seconds: float | None = None
    ) -> Result:
        """Run other work with a model, where the model is: its parts are known there by their names (see `pickle`)."""
        ...

    def check_room(self, task: str, count: int = 1, seconds: float | None = None) -> None:
        """Check that `count` more inputs for a task would be let in now. Raises `OverloadedError` if not."""
        ...


@dataclass(frozen=True)
class Backend:
    """All that routes ask."""

    models: Models
    answers: Answers
    reloads: Reloads


OpenBackend = Callable[[Settings], AbstractAsyncContextManager[Backend]]
"""Gives the backend for as long as the service runs."""


def own_reloads(reloads: OwnReloads) -> Reloads:
    """Do reloads in this process alone."""
    return reloads


@asynccontextmanager
async def local_backend(
    settings: Settings,
    registry: Registry,
    wishes: Sequence[Wish] = (),
    reloads: Callable[[OwnReloads], Reloads] = own_reloads,
) -> AsyncIterator[Backend]:
    """Load the models of a registry into this process, off the event loop, and answer with them.

    Args:
        settings: the service's.
        registry: nothing of it loaded yet.
        wishes: versions that serve in place of the newest.
        reloads: makes of what does reloads here what does them in all processes.
    """
    with closing(Predictor(settings.scheduling_policy)) as predictor, closing(Workers(1, "loader")) as loader:
        backend = Backend(registry, predictor, reloads(OwnReloads(registry, loader)))
        await loader.run(registry.load)
        await loader.run(partial(restore, registry, wishes))
        async with watching(registry, loader, settings.watch_seconds):
            yield backend
