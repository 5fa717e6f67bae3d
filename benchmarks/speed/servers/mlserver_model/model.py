"""MLServer with adaptive batching; the request is the Open Inference Protocol's JSON with the picture in base64."""

import base64

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse
from picture_model import Signature, read_picture


class PictureRuntime(MLModel):
    """A custom runtime, as MLServer's guide describes it."""

    async def load(self):
        """Load the model in the worker."""
        self.model = Signature()
        return True

    async def predict(self, payload):
        """Answer for the pictures of a batch."""
        encoded = payload.inputs[0].data
        rows = self.model([read_picture(base64.b64decode(item)) for item in encoded])
        output = NumpyCodec.encode_output("probabilities", np.asarray(rows))
        return InferenceResponse(model_name=self.name, outputs=[output])
