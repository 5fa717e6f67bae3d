"""The runtimes that are compared, each with settings: what it needs written first, and how it loads a model.

A caller is what one thread may use while another uses the next: two streams of one compiled model, or two
interpreters, as each runtime's documentation has it.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.serving.engine import Outputs
from app.serving.openvino_engine import OpenVinoEngine, compile_options, convert
from app.serving.openvino_library import import_openvino
from app.serving.saved_model.signatures import SERVING
from app.serving.signatures import OUTPUTS, checked_outputs
from app.serving.tensorflow_engine import TensorFlowEngine

CALLERS = 2
ONNX_OPSET = 18

Caller = Callable[[NDArray[np.uint8]], Outputs]


@dataclass(frozen=True)
class Files:
    """A SavedModel's folder, and the folder where `prepare` writes what candidates read beside it."""

    saved_model: Path
    prepared: Path

    @property
    def openvino_cache(self) -> Path:
        """The folder of models that OpenVINO has compiled."""
        return self.prepared / "openvino"

    @property
    def litert(self) -> Path:
        """The model in LiteRT's format."""
        return self.prepared / "model.tflite"

    @property
    def onnx(self) -> Path:
        """The model in ONNX's format."""
        return self.prepared / "model.onnx"


Load = Callable[[Files], list[Caller]]
"""Returns `CALLERS` callers."""

OPTIONAL = {
    "LiteRT": ("ai_edge_litert", "ai-edge-litert"),
    "ONNX Runtime": ("onnxruntime", "onnxruntime"),
    "tf2onnx": ("tf2onnx", "tf2onnx"),
}
"""What is not among the project's dependencies: its module and what to install."""


def missing() -> dict[str, str]:
    """Return what is not installed, and what to install for it."""
    return {name: package for name, (module, package) in OPTIONAL.items() if find_spec(module) is None}


def candidates() -> dict[str, Load]:
    """Return how each installed runtime loads a model, by its name and settings; the service's own come first."""
    found: dict[str, Load] = {
        "OpenVINO, 2 streams of 1 thread": partial(_openvino, streams=CALLERS, threads=1),
        "OpenVINO, 1 stream of 2 threads": partial(_openvino, streams=1, threads=CALLERS),
        "OpenVINO, model cache": partial(_openvino, streams=CALLERS, threads=1, cached=True),
        "OpenVINO directly": _openvino_directly,
        "OpenVINO directly, share_outputs": partial(_openvino_directly, share_outputs=True),
        "OpenVINO directly, pinned threads": partial(_openvino_directly, pinned=True),
        "OpenVINO directly, any batch size": partial(_openvino_directly, any_batch=True),
        "TensorFlow, inter_op 1": partial(_tensorflow, inter_op=1),
        "TensorFlow, inter_op 2": partial(_tensorflow, inter_op=2),
    }
    absent = missing()
    if "LiteRT" not in absent:
        found["LiteRT"] = _litert
    if not absent.keys() & {"ONNX Runtime", "tf2onnx"}:
        found["ONNX Runtime"] = _onnx
    return found


def prepare(files: Files) -> None:
    """Write what candidates read beside the SavedModel: OpenVINO's cache, and the model in the others' formats.

    The variables are made constants first. TensorFlow Lite's own reader of a SavedModel takes those that Keras' layers
    saved for mutable, because the graph holds a second variable initialised from each, and writes a model without
    their values and without an error: its answers are then whatever lay in memory.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    _openvino(files, streams=CALLERS, threads=1, cached=True)
    model = tf.saved_model.load(str(files.saved_model))
    frozen = convert_variables_to_constants_v2(model.signatures[SERVING])
    if find_spec("ai_edge_litert"):
        converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen], model)
        files.litert.write_bytes(converter.convert())
    if find_spec("tf2onnx"):
        import_module("tf2onnx.convert").from_graph_def(
            frozen.graph.as_graph_def(),
            input_names=[tensor.name for tensor in frozen.inputs],
            output_names=[tensor.name for tensor in frozen.outputs],
            opset=ONNX_OPSET,
            output_path=str(files.onnx),
        )


def _openvino(files: Files, streams: int, threads: int, cached: bool = False) -> list[Caller]:
    return [OpenVinoEngine(files.saved_model, streams, threads, files.openvino_cache if cached else None).run] * CALLERS


def _openvino_directly(
    files: Files, share_outputs: bool = False, pinned: bool = False, any_batch: bool = False
) -> list[Caller]:
    model = convert(files.saved_model, files.saved_model)
    if any_batch:
        model.reshape([-1, *list(model.input(0).partial_shape)[1:]])
    options = compile_options(CALLERS, 1) | {"ENABLE_CPU_PINNING": pinned}
    compiled = import_openvino().Core().compile_model(model, "CPU", options)

    def caller(request: Any) -> Caller:
        def run(batch: NDArray[np.uint8]) -> Outputs:
            found = request.infer([batch], share_inputs=True, share_outputs=share_outputs)
            # What is shared the next inference overwrites.
            return checked_outputs({name: found[name].copy() if share_outputs else found[name] for name in OUTPUTS})

        return run

    return [caller(compiled.create_infer_request()) for _ in range(CALLERS)]


def _tensorflow(files: Files, inter_op: int) -> list[Caller]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    tf.config.threading.set_inter_op_parallelism_threads(inter_op)
    return [TensorFlowEngine(files.saved_model, 1).run] * CALLERS


def _litert(files: Files) -> list[Caller]:
    from ai_edge_litert.interpreter import Interpreter

    def caller(runner: Any) -> Caller:
        names = sorted(runner.get_output_details())
        return lambda batch: _in_order(runner(inputs=batch), names)

    interpreters = [Interpreter(model_path=str(files.litert), num_threads=1) for _ in range(CALLERS)]
    return [caller(interpreter.get_signature_runner(SERVING)) for interpreter in interpreters]


def _onnx(files: Files) -> list[Caller]:
    runtime: Any = import_module("onnxruntime")
    options = runtime.SessionOptions()
    # Of one thread a session computes on its callers' own.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = runtime.InferenceSession(str(files.onnx), options, providers=["CPUExecutionProvider"])
    (taken,) = session.get_inputs()
    names = [output.name for output in session.get_outputs()]
    return [
        lambda batch: _in_order(dict(zip(names, session.run(names, {taken.name: batch}), strict=True)), names)
    ] * CALLERS


def _in_order(found: dict[str, NDArray[Any]], names: list[str]) -> Outputs:
    # Making variables constants left the outputs their order, which is that of their names, but not their names.
    return checked_outputs({name: found[given] for name, given in zip(sorted(OUTPUTS), names, strict=True)})
