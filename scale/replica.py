"""A replica of one task: its model folder loaded and checked as always, and answered with through the same queue."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, TypeVar

from ray.serve.handle import DeploymentHandle

from app.inputs.errors import InputError
from app.main import registry_of
from app.serving.errors import VersionNotFoundError, VersionRefusedError
from app.serving.model import LoadedModel, Payload, Prediction
from app.serving.predictor import Predictor
from app.serving.scheduling.workers import Workers
from app.settings import Settings
from app.tasks import TASKS
from app.telemetry.logs import set_up_log
from scale.carried import CARRIED, Carried
from scale.elsewhere import seen_from_afar
from scale.errors import AbsentVersionError
from scale.messages import ARRIVAL_SECONDS, CHANGE_SECONDS, Done, Report, Wish

Result = TypeVar("Result")

AGREE_SECONDS = 5.0
"""How long the keeper of versions may take to answer. A replica serves on without it."""

BEHIND_SECONDS = 0.1
"""How long a request stays that this replica has not the version for, before another one is asked: a replica that sent
it back at once would look idle to Ray, and be given all requests."""

logger = logging.getLogger(__name__)


class Replica:
    """Answers for one task. For one event loop, which is Ray Serve's.

    A model that has been replaced stays until the last request that may ask for it has met its deadline.

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
        self._seconds = settings.deadline_ms / 1000
        self._registry = registry_of(settings, [one for one in TASKS if one.name == task])
        self._predictor = Predictor(settings.scheduling_policy)
        self._loader = Workers(1, "loader")
        self._wish: Wish | None = None
        self._models: dict[str, LoadedModel] = {}
        self._is_behind = False
        self._turn = asyncio.Lock()
        self._changed = asyncio.Condition()
        self._changing: set[asyncio.Future[Any]] = set()
        await self._loader.run(self._registry.load)
        await self._note(None)
        await self._agree()

    async def predict(
        self, sha256: str, payloads: Sequence[Payload], threshold: float | None, seconds: float | None
    ) -> list[Prediction | Carried] | Carried:
        """Answer each payload with the model of a manifest. See `Predictor.predict`."""
        try:
            model = await self._model(sha256)
            results = await self._predictor.predict(model, payloads, threshold, seconds)
        except CARRIED as error:
            return Carried.of(error)
        return [Carried.of(result) if isinstance(result, InputError) else result for result in results]

    async def run(self, sha256: str, work: Callable[[LoadedModel], Result], seconds: float | None) -> Result | Carried:
        """Run other work with the model of a manifest. See `Predictor.run`."""
        try:
            return await self._predictor.run(await self._model(sha256), work, seconds)
        except CARRIED as error:
            return Carried.of(error)

    async def report(self) -> Report:
        """Say which versions there are here."""
        return Report(self._wish, seen_from_afar(self._registry.state(self._task)))

    async def reload(self, number: int, version: int | None) -> Done | Carried:
        """Let a version serve, the newest unless one is named, as wish `number`. See `Registry.reload`.

        Raises:
            TimeoutError: it is not loaded yet.
        """
        try:
            return await self._in_time(self._reload(number, version))
        except CARRIED as error:
            return Carried.of(error)

    async def unload(self, number: int) -> None:
        """Let no version serve, as wish `number`.

        Raises:
            TimeoutError: one serves still.
        """
        await self._in_time(self._unload(number))

    async def watch(self, number: int) -> Wish | None:
        """Look for a version newer than any seen; if there is one, it serves as wish `number`, which is returned."""
        async with self._turn:
            before = self._registry.state(self._task).serving
            await self._loader.run(self._registry.watch)
            state = self._registry.state(self._task)
            if state.serving is None or state.serving == before:
                return None
            wish = Wish(number, state.serving, state.seen)
            await self._note(wish)
        return wish

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

    async def _reload(self, number: int, version: int | None) -> Done:
        async with self._turn:
            done = await self._change(partial(self._registry.reload, self._task, version))
            wish = Wish(number, done.now.manifest.version, done.seen)
            await self._note(wish)
        return Done(done, wish)

    async def _unload(self, number: int) -> None:
        async with self._turn:
            await self._change(partial(self._registry.unload, self._task))
            await self._note(Wish(number, None))

    async def _agree(self) -> None:
        state = self._registry.state(self._task)
        own = self._wish
        if own is None and state.serving is not None:
            own = Wish(0, state.serving, state.seen)
        try:
            async with asyncio.timeout(AGREE_SECONDS):
                wish = await self._versions.agree.remote(self._task, own)
        # Whatever keeps it, answers are given without it.
        except Exception as error:
            logger.warning("%s: the keeper of versions cannot be asked: %s", self._task, error)
            return
        # Not in turn: a check of its health must not wait for a model that is being loaded.
        if wish is None or not self._is_news(wish):
            return
        try:
            await self._follow(wish, own)
        except (VersionNotFoundError, VersionRefusedError):
            logger.exception("%s: version %s is to serve and cannot be here", self._task, wish.version)
            if not await self._is_given_up(wish):
                raise

    async def _follow(self, wish: Wish, own: Wish | None) -> None:
        """Do what the keeper has answered to `own`, unless something later has been asked for meanwhile."""
        async with self._turn:
            if not self._is_news(wish):
                return
            if wish != own:
                await self._fulfil(wish)
            await self._note(wish)

    def _is_news(self, wish: Wish) -> bool:
        return self._wish is None or (wish != self._wish and wish.number >= self._wish.number)

    async def _fulfil(self, wish: Wish) -> None:
        if wish.version is None:
            await self._change(partial(self._registry.unload, self._task))
        else:
            await self._change(partial(self._registry.restore, self._task, wish.version, wish.seen))

    async def _is_given_up(self, wish: Wish) -> bool:
        try:
            async with asyncio.timeout(AGREE_SECONDS):
                is_given_up: bool = await self._versions.give_up.remote(self._task, wish)
        # It is asked again at the next health check.
        except Exception as error:
            logger.warning("%s: the keeper of versions cannot be asked: %s", self._task, error)
            return False
        return is_given_up

    async def _change(self, work: Callable[[], Result]) -> Result:
        """Change what serves; after a failure requests do not wait for what others serve."""
        self._is_behind = False
        try:
            return await self._loader.run(work)
        except Exception:
            self._is_behind = True
            async with self._changed:
                self._changed.notify_all()
            raise

    async def _note(self, wish: Wish | None) -> None:
        """Take in what is loaded now and which wish that fulfils; let go of the rest when nobody can ask for it."""
        self._wish = wish
        loaded = {model.artifact.sha256: model for model in self._registry.state(self._task).loaded.values()}
        gone = [sha256 for sha256 in self._models if sha256 not in loaded]
        async with self._changed:
            self._models.update(loaded)
            self._changed.notify_all()
        for sha256 in gone:
            asyncio.get_running_loop().call_later(self._seconds, self._let_go, sha256)

    def _let_go(self, sha256: str) -> None:
        state = self._registry.state(self._task)
        if all(model.artifact.sha256 != sha256 for model in state.loaded.values()):
            self._models.pop(sha256, None)

    async def _model(self, sha256: str) -> LoadedModel:
        if sha256 not in self._models:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ARRIVAL_SECONDS), self._changed:
                    await self._changed.wait_for(lambda: sha256 in self._models or self._is_behind)
        if sha256 not in self._models:
            await asyncio.sleep(BEHIND_SECONDS)
            raise AbsentVersionError(self._task)
        return self._models[sha256]
