"""A replica of one task: its model folder loaded and checked as always, and answered with through the same queue."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from ray.serve.handle import DeploymentHandle

from app.inputs.errors import InputError
from app.main import registry_of
from app.serving.errors import VersionNotFoundError, VersionRefusedError
from app.serving.model import LoadedModel, Payload, Prediction
from app.serving.predictor import Predictor
from app.settings import Settings
from app.tasks import TASKS
from app.telemetry.logs import set_up_log
from scale.carried import CARRIED, Carried
from scale.elsewhere import seen_from_afar
from scale.held_models import HeldModels
from scale.messages import CHANGE_SECONDS, Fulfilled, NumberedWish, Report

Result = TypeVar("Result")

AGREE_SECONDS = 5.0
"""How long the keeper of versions may take to answer. A replica serves on without it."""

logger = logging.getLogger(__name__)


class Replica:
    """Answers for one task. For one event loop, which is Ray Serve's.

    Args:
        task: the task's name.
        settings: the service's, with the workers of this replica.
        versions: the deployment that keeps what all replicas are to serve.
    """

    # Ray Serve awaits it.
    async def __init__(  # type: ignore[misc]
        self, task: str, settings: Settings, versions: DeploymentHandle[Any]
    ) -> None:
        set_up_log(settings.log_level, settings.log_format)
        self._task = task
        self._versions = versions
        registry = registry_of(settings, [one for one in TASKS if one.name == task])
        self._held = HeldModels(task, registry, settings.deadline_ms / 1000)
        self._predictor = Predictor(settings.scheduling_policy)
        self._changing: set[asyncio.Future[Any]] = set()
        await self._held.load()
        await self._agree()

    async def predict(
        self, sha256: str, payloads: Sequence[Payload], threshold: float | None, seconds: float | None
    ) -> list[Prediction | Carried] | Carried:
        """Answer each payload with the model of a manifest. See `Predictor.predict`."""
        try:
            model = await self._held.model(sha256)
            results = await self._predictor.predict(model, payloads, threshold, seconds)
        except CARRIED as error:
            return Carried.of(error)
        return [Carried.of(result) if isinstance(result, InputError) else result for result in results]

    async def run(self, sha256: str, work: Callable[[LoadedModel], Result], seconds: float | None) -> Result | Carried:
        """Run other work with the model of a manifest. See `Predictor.run`."""
        try:
            return await self._predictor.run(await self._held.model(sha256), work, seconds)
        except CARRIED as error:
            return Carried.of(error)

    async def report(self) -> Report:
        """Say which versions there are here."""
        return Report(self._held.wish, seen_from_afar(self._held.state))

    async def reload(self, number: int, version: int | None) -> Fulfilled | Carried:
        """Let a version serve, the newest unless one is named, as wish `number`. See `Registry.reload`.

        Raises:
            TimeoutError: it is not loaded yet.
        """
        try:
            return await self._in_time(self._held.reload(number, version))
        except CARRIED as error:
            return Carried.of(error)

    async def unload(self, number: int) -> None:
        """Let no version serve, as wish `number`.

        Raises:
            TimeoutError: one serves still.
        """
        await self._in_time(self._held.unload(number))

    async def watch(self, number: int) -> NumberedWish | None:
        """Look for a version newer than any seen; if there is one, it serves as wish `number`, which is returned."""
        return await self._held.watch(number)

    async def check_health(self) -> None:
        """Do what all replicas are to do, if this one has missed it; Ray replaces one that cannot.

        Where no replica can, what is loaded serves, and none is replaced: another would find the same folder.
        `/health/ready` says why a replica has no usable model.

        Raises:
            VersionNotFoundError, VersionRefusedError: it has not the version that the others serve.
        """
        await self._agree()

    async def _in_time(self, change: Coroutine[Any, Any, Result]) -> Result:
        """Await a change of what serves; one that takes too long is not awaited any more, and goes on."""
        changing = asyncio.ensure_future(change)
        self._changing.add(changing)
        changing.add_done_callback(self._changing.discard)
        try:
            async with asyncio.timeout(CHANGE_SECONDS):
                return await asyncio.shield(changing)
        except TimeoutError as error:
            raise TimeoutError(f"it is not done within {CHANGE_SECONDS:.0f} s, and goes on") from error

    async def _agree(self) -> None:
        try:
            async with asyncio.timeout(AGREE_SECONDS):
                wish = await self._versions.agree.remote(self._task, self._held.standing)
        # Whatever keeps it, answers are given without it.
        except Exception as error:
            logger.warning("%s: the keeper of versions cannot be asked: %s", self._task, error)
            return
        # Not in turn: a check of its health must not wait for a model that is being loaded.
        if wish is None or not self._held.is_news(wish):
            return
        try:
            await self._held.follow(wish)
        except (VersionNotFoundError, VersionRefusedError):
            logger.exception("%s: version %s is to serve and cannot be here", self._task, wish.version)
            if not await self._is_given_up(wish):
                raise

    async def _is_given_up(self, wish: NumberedWish) -> bool:
        try:
            async with asyncio.timeout(AGREE_SECONDS):
                is_given_up: bool = await self._versions.give_up.remote(self._task, wish)
        # It is asked again at the next health check.
        except Exception as error:
            logger.warning("%s: the keeper of versions cannot be asked: %s", self._task, error)
            return False
        return is_given_up
