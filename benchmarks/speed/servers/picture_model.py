"""What the contenders share: a picture as the model takes it, read as tutorials do, and the SavedModel's signature."""

import io
import json
import os
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

FOLDER = Path(os.environ["BENCH_MODEL"])
PORT = int(os.environ["BENCH_PORT"])
BATCH = int(os.environ["BENCH_BATCH"])


def read_picture(content):
    """Decode a file's bytes, whole, and resize them to what the manifest says: uint8 `[H, W, C]`."""
    spec = json.loads((FOLDER / "manifest.json").read_text())["input"]
    picture = Image.open(io.BytesIO(content)).convert(spec["mode"])
    resized = picture.resize((spec["width"], spec["height"]), Image.Resampling[spec["resize"].upper()])
    return np.asarray(resized).reshape(spec["height"], spec["width"], -1)


class Signature:
    """The SavedModel's `serving_default`: pictures uint8 `[B, H, W, C]` to probabilities `[B, K]`."""

    def __init__(self):
        self.model = tf.saved_model.load(str(FOLDER))
        self.serve = self.model.signatures["serving_default"]

    def __call__(self, pictures):
        """Run a batch, given as a list of pictures."""
        return self.serve(inputs=tf.constant(np.stack(pictures)))["probabilities"].numpy()
