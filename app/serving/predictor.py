"""What a route awaits of a model: reading, inference and drawing run in worker threads."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from app.inputs.errors import InputError
from app.serving.model import LoadedModel, Payload, Prediction

Result = TypeVar("Result")


class Predictor:
    """Runs work with models off the event loop, at most `workers` at a time; further ones wait their turn."""

    def __init__(self, workers: int) -> None:
        self._limiter = CapacityLimiter(workers)

    async def predict(
        self, model: LoadedModel, payloads: Sequence[Payload], threshold: float | None = None
    ) -> list[Prediction | InputError]:
        """Answer each payload in order; one that cannot be read gets its error. See `LoadedModel.predict`."""
        return await self.run(partial(model.predict, payloads, threshold))

    async def run(self, work: Callable[[], Result]) -> Result:
        """Run other work with a model and return its result, or raise its error."""
        return await to_thread.run_sync(work, limiter=self._limiter)
