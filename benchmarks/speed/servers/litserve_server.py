"""LitServe with dynamic batching; the request is the picture's bytes."""

from typing import Annotated

import litserve
from fastapi import Body
from picture_model import BATCH, PORT, Signature, read_picture


class PictureAPI(litserve.LitAPI):
    """The life cycle of a request, as LitServe's guide names its steps."""

    def setup(self, device):
        """Load the model in the worker."""
        self.model = Signature()

    def decode_request(self, request: Annotated[bytes, Body(media_type="image/jpeg")]):
        """Read the picture."""
        return read_picture(request)

    def batch(self, inputs):
        """Keep the pictures of a batch as a list."""
        return list(inputs)

    def predict(self, batch):
        """Run the model on a batch."""
        return self.model(batch)

    def unbatch(self, output):
        """Give each request its row."""
        return list(output)

    def encode_response(self, output):
        """Write the answer."""
        return {"probabilities": output.tolist()}


if __name__ == "__main__":
    api = PictureAPI(max_batch_size=BATCH, batch_timeout=0.005)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=2, timeout=60)
    server.run(port=PORT, log_level="warning", generate_client_file=False)
