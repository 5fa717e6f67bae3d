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
THREADS = int(os.environ.get("BENCH_THREADS", "0"))
_SPEC = json.loads((FOLDER / "manifest.json").read_text())["input"]
# 0 is TensorFlow's default, a thread a core: right for one process, too many for two.
tf.config.threading.set_intra_op_parallelism_threads(THREADS)
tf.config.threading.set_inter_op_parallelism_threads(THREADS)
SHAPE = (_SPEC["height"], _SPEC["width"], 1 if _SPEC["mode"] == "L" else 3)


def read_picture(content):
    """Decode a file's bytes, whole, and resize them to what the manifest says: uint8 `[H, W, C]`."""
    return fitted(Image.open(io.BytesIO(content)))


def fitted(picture):
    """Convert an open picture to the model's colours and size: uint8 `[H, W, C]`."""
    how = Image.Resampling[_SPEC["resize"].upper()]
    return np.asarray(picture.convert(_SPEC["mode"]).resize((SHAPE[1], SHAPE[0]), how)).reshape(SHAPE)


class Signature:
    """The SavedModel's `serving_default`: pictures uint8 `[B, H, W, C]` to probabilities `[B, K]`."""

    def __init__(self):
        self.model = tf.saved_model.load(str(FOLDER))
        self.serve = self.model.signatures["serving_default"]

    def __call__(self, pictures):
        """Run a batch, given as a list of pictures."""
        return self.serve(inputs=tf.constant(np.stack(pictures)))["probabilities"].numpy()
