"""Ray Serve with request batching; the request is the picture's bytes."""

import time

import ray
from picture_model import BATCH, PORT, Signature, read_picture
from ray import serve


@serve.deployment(num_replicas=2, max_ongoing_requests=256, ray_actor_options={"num_cpus": 1})
class PictureDeployment:
    """A replica that gathers batches."""

    def __init__(self):
        self.model = Signature()

    @serve.batch(max_batch_size=BATCH, batch_wait_timeout_s=0.005)
    async def answer(self, bodies: list) -> list:
        """Run a batch."""
        return [row.tolist() for row in self.model([read_picture(body) for body in bodies])]

    async def __call__(self, request):
        """Answer for one picture."""
        return {"probabilities": await self.answer(await request.body())}


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": PORT})
    serve.run(PictureDeployment.bind(), route_prefix="/predict")
    while True:
        time.sleep(60)
