"""The device that a run computes on: a GPU or the processor's cores, settled before TensorFlow touches either."""

import os
from typing import Literal

from training.run import RunError

DeviceChoice = Literal["auto", "cpu", "gpu"]


def use_device(choice: DeviceChoice) -> str:
    """Let TensorFlow see the devices of this choice only, and name what it will compute on: "2 CPU cores", say.

    "auto" takes a GPU where TensorFlow sees one. To be called before anything is computed: after that TensorFlow
    does not give up a GPU.

    Raises:
        RunError: a GPU is asked for and there is none.
    """
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if choice == "gpu" and not gpus:
        reason = "finds none" if tf.test.is_built_with_gpu_support() else "is built without GPU support"
        raise RunError(f"there is no GPU to train on: TensorFlow {tf.__version__} {reason}; pass --device cpu or auto")
    if choice == "cpu":
        tf.config.set_visible_devices([], "GPU")
    if choice == "cpu" or not gpus:
        return cpu_name(usable_cores())
    return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))


def cpu_name(cores: int) -> str:
    """Say how many cores there are."""
    return "1 CPU core" if cores == 1 else f"{cores} CPU cores"


def usable_cores() -> int:
    """Return how many cores this process may run on."""
    # Not on every platform: macOS and Windows do not tell.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
