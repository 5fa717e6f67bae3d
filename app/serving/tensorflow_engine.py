"""The engine that runs a SavedModel through TensorFlow itself, imported only when a model is loaded."""

import contextlib
import os
from pathlib import Path
from typing import Any

from app.serving.engine import Batch, Explain, Explanation, Outputs, Scheduling
from app.serving.saved_model.signatures import SERVING
from app.serving.signatures import (
    EXPLAIN_SIGNATURE,
    INPUT,
    OUTPUTS,
    PICTURE_EVIDENCE,
    TEXT_EVIDENCE,
    check_signature,
    checked_outputs,
)

MISSING = "TensorFlow is not installed. The container image has it if built with TENSORFLOW=with (docs/container.md)"


class TensorFlowEngine:
    """Runs the signatures `serving_default` and, if there is one, `explain`.

    Args:
        folder: the SavedModel's folder, already verified.
        threads: how many threads one operation may use, 0 for TensorFlow's choice. It is fixed for the whole
            process when TensorFlow starts, so the first model's counts.

    Raises:
        ModuleNotFoundError: TensorFlow is not installed.
        Exception: whatever TensorFlow raises for a folder it cannot load.
        ValueError: a signature lacks an input or an output.
    """

    name = "tensorflow"
    scheduling = Scheduling(in_batches=True)

    def __init__(self, folder: Path, threads: int = 0) -> None:
        self._tensorflow = _import_tensorflow(threads)
        # The signatures refer weakly to the model's variables: the model must outlive their use.
        self._model = self._tensorflow.saved_model.load(str(folder))
        self._serve = self._signature(SERVING, OUTPUTS)
        self._explain: Any = None
        if EXPLAIN_SIGNATURE in self._model.signatures:
            takes_text = self._serve.structured_input_signature[1][INPUT].dtype == self._tensorflow.string
            self._explain = self._signature(EXPLAIN_SIGNATURE, TEXT_EVIDENCE if takes_text else PICTURE_EVIDENCE)

    @property
    def explain(self) -> Explain | None:
        """What explains an answer, if the model has the signature."""
        return None if self._explain is None else self._run_explain

    def run(self, batch: Batch) -> Outputs:
        """Answer for each item of a batch.

        Raises:
            FloatingPointError: the model gave a number that is not finite.
        """
        outputs = self._serve(**{INPUT: self._tensorflow.constant(batch)})
        return checked_outputs({name: outputs[name].numpy() for name in OUTPUTS})

    def _run_explain(self, batch: Batch) -> Explanation:
        outputs = self._explain(**{INPUT: self._tensorflow.constant(batch)})
        return {name: value.numpy() for name, value in outputs.items()}

    def _signature(self, name: str, outputs: tuple[str, ...]) -> Any:
        function = self._model.signatures.get(name)
        if function is None:
            raise ValueError(f"the SavedModel has no signature {name!r}")
        check_signature(name, function.structured_input_signature[1], function.structured_outputs, outputs)
        return function


def _import_tensorflow(threads: int) -> Any:
    # Read once, at import: hides TensorFlow's start-up notes, keeps its errors.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        import tensorflow
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":
            raise
        raise ModuleNotFoundError(MISSING, name=error.name) from error
    # Refused once the runtime has started, as it has when a second model is loaded.
    with contextlib.suppress(RuntimeError):
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    return tensorflow
