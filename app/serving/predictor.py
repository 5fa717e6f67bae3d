"""The one awaited call from a route to a model: reading and inference run in worker threads."""

from collections.abc import Sequence
from functools import partial

from anyio import CapacityLimiter, to_thread

from app.inputs.errors import InputError
from app.serving.model import LoadedModel, Payload, Prediction


class Predictor:
    """Runs predictions off the event loop, at most `workers` at a time; further ones wait their turn."""

    def __init__(self, workers: int) -> None:
        self._limiter = CapacityLimiter(workers)

    async def predict(
        self, model: LoadedModel, payloads: Sequence[Payload], threshold: float | None = None
    ) -> list[Prediction | InputError]:
        """Answer each payload in order; one that cannot be read gets its error. See `LoadedModel.predict`."""
        return await to_thread.run_sync(partial(model.predict, payloads, threshold), limiter=self._limiter)
