"""Reloads and unloads in one of several processes: what it is asked for, all do."""

import asyncio
import contextlib
from collections.abc import Callable
from itertools import count

from app.processes.messages import AllDone, Ask, Done, Message, Order
from app.serving.errors import PartlyReloadedError, PartlyUnloadedError
from app.serving.registry import Replacement
from app.serving.reloading import Change, Load, OwnReloads, Reload, Unload, Wish

MOST_CHARACTERS = 500
"""Of what is told of a problem: a message that does not go into the pipe at once is lost, and all that follow it."""


class SharedReloads:
    """Asks the supervisor for each change, and makes those that it orders. For one event loop.

    Args:
        own: makes them in this process.
        send: sends the supervisor a message; raises `OSError` if it is gone.
    """

    def __init__(self, own: OwnReloads, send: Callable[[Message], None]) -> None:
        self._own = own
        self._send = send
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[AllDone]] = {}
        self._replacements: dict[int, Replacement] = {}
        self._obeying: set[asyncio.Task[None]] = set()

    async def reload(self, task: str, version: int | None) -> Reload:
        """Let a version serve in all processes. See `Reloads`."""
        number = next(self._numbers)
        try:
            done = await self._ask(number, Load(task, version))
            replacement = self._replacements[number]
        finally:
            self._replacements.pop(number, None)
        if done.problems:
            raise PartlyReloadedError(task, replacement.now.manifest.version, done.processes, done.problems)
        return Reload(replacement, done.processes)

    async def unload(self, task: str) -> None:
        """Let no version of a task serve in any process. See `Reloads`."""
        done = await self._ask(next(self._numbers), Unload(task))
        if done.problems:
            raise PartlyUnloadedError(task, done.processes, done.problems)

    def take(self, message: Message) -> None:
        """Take what the supervisor says."""
        match message:
            case Order():
                task = asyncio.get_running_loop().create_task(self._obey(message))
                self._obeying.add(task)
                task.add_done_callback(self._obeying.discard)
            case AllDone():
                asked = self._asked.get(message.ask)
                if asked is not None and not asked.done():
                    asked.set_result(message)

    async def _ask(self, number: int, change: Change) -> AllDone:
        self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            self._send(Ask(number, change))
            return await self._asked[number]
        finally:
            del self._asked[number]

    async def _obey(self, order: Order) -> None:
        try:
            wish = await self._make(order)
        # Whatever it is, who asked must get it, and the others must not be waited for in vain.
        except Exception as error:
            self._report(Done(order.number, problem=(str(error) or type(error).__name__)[:MOST_CHARACTERS]))
            asked = self._asked.get(order.ask or 0)
            if asked is not None and not asked.done():
                asked.set_exception(error)
            return
        self._report(Done(order.number, wish))

    async def _make(self, order: Order) -> Wish:
        match order.change:
            case Unload(task):
                await self._own.unload(task)
                return Wish(task, None)
            case Load(task, version):
                done = (await self._own.reload(task, version)).replacement
                if order.ask is not None and order.ask in self._asked:
                    self._replacements[order.ask] = done
                return Wish(task, done.now.manifest.version, done.seen)

    def _report(self, done: Done) -> None:
        with contextlib.suppress(OSError):
            self._send(done)
