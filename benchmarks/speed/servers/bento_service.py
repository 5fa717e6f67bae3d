"""BentoML with adaptive batching; the request is a multipart form with the picture."""

import bentoml
from picture_model import BATCH, Signature, fitted
from PIL.Image import Image as Picture


@bentoml.service(workers=2, traffic={"timeout": 60})
class PictureService:
    """One service with one batchable call."""

    def __init__(self):
        self.model = Signature()

    # A request that is expected to take longer than this is refused.
    @bentoml.api(batchable=True, max_batch_size=BATCH, max_latency_ms=60_000)
    def predict(self, pictures: list[Picture]) -> list[list[float]]:
        """Answer for the pictures of several requests."""
        return self.model([fitted(picture) for picture in pictures]).tolist()
