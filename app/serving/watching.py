"""Looks at the models folder from time to time, so that a new version serves without being asked for."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from app.serving.registry import Registry
from app.serving.scheduling.workers import Workers

logger = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def watching(registry: Registry, loader: Workers, seconds: float) -> AsyncIterator[None]:
    """Within the block let the registry watch every `seconds`, on the thread that loads models; 0 for never."""
    task = asyncio.create_task(_watch(registry, loader, seconds)) if seconds else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _watch(registry: Registry, loader: Workers, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await loader.run(registry.watch)
        # Whatever went wrong with one look, the next may find it right.
        except Exception:
            logger.exception("the models folder could not be watched")
