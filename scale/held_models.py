"""The models that a replica has loaded, which wish they fulfil, and requests that wait for one."""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from app.serving.model import LoadedModel
from app.serving.registry import Registry
from app.serving.reloading import Wish, fulfil
from app.serving.scheduling.workers import Workers
from app.serving.versions import TaskState
from scale.errors import AbsentVersionError
from scale.messages import ARRIVAL_SECONDS, Fulfilled, NumberedWish

Result = TypeVar("Result")

BEHIND_SECONDS = 0.1
"""How long a request stays that this replica has not the version for, before another one is asked: a replica that sent
it back at once would look idle to Ray, and be given all requests."""


class HeldModels:
    """One task's models. For one event loop.

    Changes are made one after the other, on a thread of their own. A model that has been replaced stays until the last
    request that may ask for it has met its deadline.

    Args:
        task: the task's name.
        registry: of that task.
        seconds: how long a request may take.
    """

    def __init__(self, task: str, registry: Registry, seconds: float) -> None:
        self.wish: NumberedWish | None = None
        """The latest that is fulfilled here."""
        self._task = task
        self._registry = registry
        self._seconds = seconds
        self._loader = Workers(1, "loader")
        self._turn = asyncio.Lock()
        self._models: dict[str, LoadedModel] = {}
        self._changed = asyncio.Condition()
        self._is_behind = False

    @property
    def state(self) -> TaskState:
        """The task's state in the registry."""
        return self._registry.state(self._task)

    @property
    def standing(self) -> NumberedWish | None:
        """The wish that is fulfilled or, if nothing has been wished, what serves here anyway."""
        state = self.state
        if self.wish is None and state.serving is not None:
            return NumberedWish(0, state.serving, state.seen)
        return self.wish

    async def load(self) -> None:
        """Load the newest usable versions. See `Registry.load`."""
        async with self._turn:
            await self._loader.run(self._registry.load)
            await self._note(None)

    async def reload(self, number: int, version: int | None) -> Fulfilled:
        """Let a version serve, the newest unless one is named, as wish `number`. Raises: as `Registry.reload`."""
        async with self._turn:
            done = await self._change(partial(self._registry.reload, self._task, version))
            wish = NumberedWish(number, done.now.manifest.version, done.seen)
            await self._note(wish)
        return Fulfilled(done, wish)

    async def unload(self, number: int) -> None:
        """Let no version serve, as wish `number`."""
        async with self._turn:
            await self._change(partial(self._registry.unload, self._task))
            await self._note(NumberedWish(number, None))

    async def watch(self, number: int) -> NumberedWish | None:
        """Look for a version newer than any seen; if there is one, it serves as wish `number`, which is returned."""
        async with self._turn:
            before = self.state.serving
            await self._loader.run(self._registry.watch)
            state = self.state
            if state.serving is None or state.serving == before:
                return None
            wish = NumberedWish(number, state.serving, state.seen)
            await self._note(wish)
        return wish

    def is_news(self, wish: NumberedWish) -> bool:
        """Say whether a wish is to be fulfilled here: no later one is, nor this one."""
        return self.wish is None or (wish != self.wish and wish.number >= self.wish.number)

    async def follow(self, wish: NumberedWish) -> None:
        """Fulfil a wish that was made elsewhere, unless it is no news any more when its turn comes.

        Raises:
            VersionNotFoundError, VersionRefusedError: it cannot be fulfilled here.
        """
        async with self._turn:
            if not self.is_news(wish):
                return
            if wish != self.standing:
                await self._change(partial(fulfil, self._registry, Wish(self._task, wish.version, wish.seen)))
            await self._note(wish)

    async def model(self, sha256: str) -> LoadedModel:
        """Return the model of a manifest; one that is being loaded is waited for.

        Raises:
            AbsentVersionError: it is not here, nor soon.
        """
        if sha256 not in self._models:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ARRIVAL_SECONDS), self._changed:
                    await self._changed.wait_for(lambda: sha256 in self._models or self._is_behind)
        if sha256 not in self._models:
            await asyncio.sleep(BEHIND_SECONDS)
            raise AbsentVersionError(self._task)
        return self._models[sha256]

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

    async def _note(self, wish: NumberedWish | None) -> None:
        """Take in what is loaded now and which wish that fulfils; let go of the rest when nobody can ask for it."""
        self.wish = wish
        loaded = {model.artifact.sha256: model for model in self.state.loaded.values()}
        gone = [sha256 for sha256 in self._models if sha256 not in loaded]
        async with self._changed:
            self._models.update(loaded)
            self._changed.notify_all()
        for sha256 in gone:
            asyncio.get_running_loop().call_later(self._seconds, self._let_go, sha256)

    def _let_go(self, sha256: str) -> None:
        if all(model.artifact.sha256 != sha256 for model in self.state.loaded.values()):
            self._models.pop(sha256, None)
