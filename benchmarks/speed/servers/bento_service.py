"""BentoML with adaptive batching; the request is a multipart form with the picture."""

import bentoml
import numpy as np
from picture_model import BATCH, FOLDER, Signature
from PIL import Image
from PIL.Image import Image as Picture


@bentoml.service(workers=2, traffic={"timeout": 60})
class PictureService:
    """One service with one batchable call."""

    def __init__(self):
        import json

        self.model = Signature()
        self.spec = json.loads((FOLDER / "manifest.json").read_text())["input"]

    @bentoml.api(batchable=True, max_batch_size=BATCH, max_latency_ms=1000)
    def predict(self, pictures: list[Picture]) -> list[list[float]]:
        """Answer for the pictures of several requests."""
        return self.model([self._fitted(picture) for picture in pictures]).tolist()

    def _fitted(self, picture):
        spec = self.spec
        how = Image.Resampling[spec["resize"].upper()]
        resized = picture.convert(spec["mode"]).resize((spec["width"], spec["height"]), how)
        return np.asarray(resized).reshape(spec["height"], spec["width"], -1)
