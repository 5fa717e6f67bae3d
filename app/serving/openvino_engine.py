"""The engine that runs a SavedModel of pictures through OpenVINO, without TensorFlow."""

import hashlib
import logging
import os
import tempfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.serving.artifact import GRAPH_FILE
from app.serving.engine import Batch, Explain, Explanation, Outputs, Scheduling
from app.serving.errors import ArtifactError, ExplanationFilesError
from app.serving.openvino_library import compile_for_cpu, import_openvino
from app.serving.saved_model.signatures import SERVING, STRING, Signature, read_signatures, serving_only
from app.serving.saved_model.variables import DATA_FILE, INDEX_FILE, VARIABLES_FOLDER, read_variables
from app.serving.signatures import EXPLAIN_SIGNATURE, INPUT, OUTPUTS, PICTURE_EVIDENCE, check_signature, checked_outputs

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - Linux's own, and the folder made in it has a name of its own
"""A file system in memory, which a full or read-only disk leaves as it is."""

logger = logging.getLogger(__name__)


class OpenVinoEngine:
    """Runs `serving_default` and, from the first time that it is asked for, `explain`.

    Batches are run one picture at a time: on a CPU's single core a picture in a batch takes no less time than alone
    (docs/benchmarks.md), and takes its memory only once. Several callers run side by side, one a stream.

    Args:
        folder: the SavedModel's folder, already verified.
        streams: how many pictures are run at the same time.
        threads: how many threads work on one picture.
        cache: a folder where compiled models are kept for the next start, if there is one.
        checksums: the sha256 of its files by name, as verified; the first explanation reads them again.

    Raises:
        ImportError: OpenVINO is not installed.
        Exception: whatever OpenVINO raises for a graph that it does not know.
        ValueError: the model takes no pictures, a signature lacks an input or an output, or the variables cannot be
            told apart.
    """

    name = "openvino"
    scheduling = Scheduling()

    def __init__(
        self,
        folder: Path,
        streams: int = 1,
        threads: int = 1,
        cache: Path | None = None,
        checksums: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = folder
        self._checksums = checksums or {}
        self._streams = streams
        self._options = compile_options(streams, threads, cache)
        signatures = read_signatures((folder / GRAPH_FILE).read_bytes())
        _check(signatures, SERVING, OUTPUTS)
        self._serve = _Requests(compile_for_cpu(convert(folder, folder), self._options), streams)
        self._explain_lock = Lock()
        self._explains = EXPLAIN_SIGNATURE in signatures
        if self._explains:
            _check(signatures, EXPLAIN_SIGNATURE, PICTURE_EVIDENCE)

    @property
    def explain(self) -> Explain | None:
        """What explains an answer, if the model has the signature."""
        return self._run_explain if self._explains else None

    def run(self, batch: Batch) -> Outputs:
        """Answer for each item of a batch.

        Raises:
            FloatingPointError: the model gave a number that is not finite.
        """
        return checked_outputs(self._serve.run(batch, OUTPUTS))

    def _run_explain(self, batch: Batch) -> Explanation:
        with self._explain_lock:
            try:
                explain = self._explain
            except (OSError, ArtifactError) as error:
                logger.warning("%s cannot be explained: %s", self._folder, error)
                raise ExplanationFilesError from error
        return explain.run(batch, PICTURE_EVIDENCE)

    @cached_property
    def _explain(self) -> "_Requests":
        # OpenVINO reads no other signature than `serving_default`, and no SavedModel that is not a folder.
        with tempfile.TemporaryDirectory(prefix="quartet-", dir=_temporary_root()) as folder:
            copy = Path(folder)
            (copy / VARIABLES_FOLDER).mkdir()
            # What is read must be what was checked, though the model's folder may have changed since it was loaded.
            for name in (INDEX_FILE, DATA_FILE):
                (copy / name).write_bytes(self._read_checked(name))
            (copy / GRAPH_FILE).write_bytes(serving_only(self._read_checked(GRAPH_FILE), EXPLAIN_SIGNATURE))
            return _Requests(compile_for_cpu(convert(copy, copy), self._options), self._streams)

    def _read_checked(self, name: str) -> bytes:
        content = (self._folder / name).read_bytes()
        expected = self._checksums.get(name)
        if expected is not None and hashlib.sha256(content).hexdigest() != expected:
            raise ArtifactError(name, "has changed since the model was loaded")
        return content


def _temporary_root() -> Path | None:
    """Return where temporary folders go: into memory, or else where the system has them."""
    return IN_MEMORY if os.access(IN_MEMORY, os.W_OK | os.X_OK) else None


class _Requests:
    """A compiled model and as many infer requests as it has streams; a caller beyond that waits for one."""

    def __init__(self, model: Any, count: int) -> None:
        self._free: SimpleQueue[Any] = SimpleQueue()
        for _ in range(count):
            self._free.put(model.create_infer_request())

    def run(self, batch: Batch, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
        """Run each picture of a batch and return the outputs of those names, in order."""
        request = self._free.get()
        try:
            rows = [_infer(request, batch[row : row + 1], names) for row in range(len(batch))]
        finally:
            self._free.put(request)
        return {name: np.concatenate([row[name] for row in rows]) for name in names}


def _infer(request: Any, picture: Batch, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    request.infer([picture], share_inputs=True)
    # Copied: the next inference writes into the same memory.
    return {name: request.get_tensor(name).data.copy() for name in names}


def _check(signatures: dict[str, Signature], name: str, outputs: tuple[str, ...]) -> None:
    if name not in signatures:
        raise ValueError(f"the SavedModel has no signature {name!r}")
    signature = signatures[name]
    check_signature(name, signature.inputs, signature.outputs, outputs)
    if signature.inputs[INPUT] == STRING:
        raise ValueError("OpenVINO runs models of pictures, and this one takes texts")


def compile_options(streams: int, threads: int, cache: Path | None = None) -> dict[str, Any]:
    """Return what OpenVINO is told: `streams` pictures at the same time, each on so many threads."""
    # Where a CPU has it OpenVINO would compute in bfloat16, whose 8 bits change answers. A pinned thread waits for its
    # core while a decoder happens to be on it.
    options = {
        "INFERENCE_PRECISION_HINT": "f32",
        "NUM_STREAMS": streams,
        "INFERENCE_NUM_THREADS": streams * threads,
        "ENABLE_CPU_PINNING": False,
    }
    return options | ({"CACHE_DIR": str(cache)} if cache else {})


def convert(graph_folder: Path, variables_folder: Path) -> Any:
    """Convert the graph's `serving_default`, for one picture at a time, with its variables as constants.

    OpenVINO's own reader of variables finds none in a checkpoint whose object graph has 16 KiB or more: it takes the
    object graph's length to be of two bytes.
    """
    openvino = import_openvino()
    front_end = openvino.frontend.FrontEndManager().load_by_framework("tf")
    graph = front_end.load(str(graph_folder))
    for name, value in read_variables(variables_folder).items():
        place = graph.get_place_by_tensor_name(f"{name}:0")
        if place is not None:
            graph.set_partial_shape(place, openvino.PartialShape(list(value.shape)))
            graph.set_element_type(place, openvino.Type(value.dtype.type))
            graph.set_tensor_value(place, value)
    model = openvino.Model(front_end.convert(graph))
    # Pictures are run one by one: a shape that is known whole saves a twentieth of the time.
    [inputs] = model.inputs
    model.reshape({inputs: [1, *list(inputs.partial_shape)[1:]]})
    return model
