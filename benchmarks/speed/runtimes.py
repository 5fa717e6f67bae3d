"""How fast runtimes answer one picture on one thread: `python -m benchmarks.speed.runtimes`.

LiteRT is not among the project's dependencies: install ai-edge-litert to have it measured.
"""

import os
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

# One thread each: TensorFlow reads this when it is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from app.serving.golden import load_golden
from app.serving.openvino_engine import OpenVinoEngine
from app.serving.tensorflow_engine import TensorFlowEngine
from app.serving.versions import versions_in
from benchmarks.speed.running import PROJECT

REPEATS = 60

Run = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def main() -> None:
    """Print, for each picture task and runtime, the time to load, to answer, and how far the answers are off."""
    for task in ("digit", "catdog", "pneumonia"):
        folder = PROJECT / "models" / task / str(versions_in(PROJECT / "models" / task)[0])
        golden = load_golden(folder / "golden.npz")
        pictures = np.asarray(golden.inputs, np.uint8)
        for name, load in loaders().items():
            started = time.perf_counter()
            run = load(folder)
            loaded = time.perf_counter() - started
            off = np.abs(
                np.concatenate([run(pictures[i : i + 1]) for i in range(len(pictures))]) - golden.probabilities
            )
            times = []
            for _ in range(REPEATS):
                started = time.perf_counter()
                run(pictures[:1])
                times.append((time.perf_counter() - started) * 1e3)
            print(
                f"{task:<10} {name:<12} loaded in {loaded:5.2f} s; {min(times):7.2f} ms, "
                f"middle {np.median(times):7.2f} ms; probabilities off by {off.max():.1e}",
                flush=True,
            )


def loaders() -> dict[str, Callable[[Path], Run]]:
    """Return what loads a SavedModel into each runtime that is installed."""
    found: dict[str, Callable[[Path], Run]] = {
        "OpenVINO": lambda folder: _probabilities(OpenVinoEngine(folder)),
        "TensorFlow": lambda folder: _probabilities(TensorFlowEngine(folder, 1)),
    }
    if find_spec("ai_edge_litert"):
        found["LiteRT"] = _litert
    return found


def _probabilities(engine: OpenVinoEngine | TensorFlowEngine) -> Run:
    return lambda batch: engine.run(batch).probabilities


def _litert(folder: Path) -> Run:
    import tensorflow as tf
    from ai_edge_litert.interpreter import Interpreter

    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=["serving_default"])
    interpreter = Interpreter(model_content=converter.convert(), num_threads=1)
    runner = interpreter.get_signature_runner("serving_default")
    return lambda batch: np.asarray(runner(inputs=batch)["probabilities"], np.float32)


if __name__ == "__main__":
    main()
