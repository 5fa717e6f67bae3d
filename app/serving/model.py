"""One verified, loaded and accepted model: uploads in, predictions or typed errors out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from app.inputs.errors import InputError
from app.inputs.limits import InputLimits
from app.inputs.reader import read_input
from app.inputs.spec import InputSpec, TextSpec
from app.inputs.text import clean_text
from app.serving.artifact import GOLDEN_FILE, GRAPH_FILE, Artifact, open_artifact
from app.serving.engine import Batch, Engine, EngineLoader, Outputs
from app.serving.errors import ArtifactError
from app.serving.golden import Golden, check_golden, load_golden
from app.serving.manifest import Manifest, OperatingPoint
from app.serving.observer import UNOBSERVED_MODEL, ModelObserver
from app.serving.signing import ManifestVerifier

ModelInput = NDArray[np.uint8] | str
"""An input as it was read: a picture uint8 `[H, W, C]`, or a text."""

Payload = bytes | str | NDArray[np.uint8]
"""What a client sent for one input: a file's bytes, a text already decoded, or a picture as the model takes it."""

OutputRow = tuple[NDArray[np.float32], np.float32]
"""What a model says of one input: probabilities `[K]` and ood_score."""

MAX_BATCH = 32
"""Inputs run at once: beyond this a CPU gains nothing and the memory for activations grows."""

SOURCE_LINE = re.compile(r"(?: at)? ?[\w./+-]+\.(?:cc|cpp|h|hpp|py):\d+:?")
ABSOLUTE_PATH = re.compile(r"(?<![\w.])/[\w./+-]+")

DECIMALS = 6
"""Of the numbers answered; float32 resolves no more near 1. Decisions are taken on the numbers as shown."""


@dataclass(frozen=True)
class Prediction:
    """An answer. `probability` is of `label`; `probabilities` has every label, in the model's output order.

    `positive` says whether the input reaches the decision `threshold`; both are None for a model without an
    operating point, whose label is the most probable one.
    """

    label: str
    probability: float
    probabilities: dict[str, float]
    ood_score: float
    in_distribution: bool
    positive: bool | None = None
    threshold: float | None = None


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model that may be served. Safe to use from several threads. Equal to itself alone."""

    artifact: Artifact
    engine: Engine
    limits: InputLimits
    engine_reason: str = ""
    """Why this engine runs it."""
    observer: ModelObserver = UNOBSERVED_MODEL
    """Hears of each input read, run and answered."""

    def predict(self, payloads: Sequence[Payload], threshold: float | None = None) -> list[Prediction | InputError]:
        """Read and answer any number of inputs; one that cannot be read gets its error, at its place.

        Args:
            payloads: the inputs.
            threshold: replaces the operating point's threshold; without an operating point it says nothing.
        """
        inputs = self.read_each(payloads)
        rows = iter(self.run_rows([item for item in inputs if not isinstance(item, InputError)]))
        return [item if isinstance(item, InputError) else self.predict_row(next(rows), threshold) for item in inputs]

    def read_each(self, payloads: Sequence[Payload]) -> list[ModelInput | InputError]:
        """Read each payload, or say why it cannot be read, in order."""
        return [self._read_or_error(payload) for payload in payloads]

    def read(self, payload: Payload) -> Batch:
        """Read one input as a batch of one.

        Raises:
            InputError: it cannot be read.
        """
        return _stack([self._read(payload)], self.artifact.manifest.input)

    def run(self, batch: Batch) -> Outputs:
        """Run the engine on any number of inputs, `MAX_BATCH` at a time."""
        if len(batch) <= MAX_BATCH:
            return self._run(batch)
        parts = [self._run(batch[start : start + MAX_BATCH]) for start in range(0, len(batch), MAX_BATCH)]
        return Outputs(
            np.concatenate([part.probabilities for part in parts]),
            np.concatenate([part.ood_score for part in parts]),
        )

    def run_rows(self, inputs: Sequence[ModelInput]) -> list[OutputRow]:
        """Run the engine on any number of inputs that were read, in order."""
        if not inputs:
            return []
        outputs = self.run(_stack(inputs, self.artifact.manifest.input))
        return list(zip(outputs.probabilities, outputs.ood_score, strict=True))

    def predict_row(self, row: OutputRow, threshold: float | None = None) -> Prediction:
        """Turn what the model says of one input into an answer."""
        probabilities, score = row
        prediction = predict_one(self.artifact.manifest, probabilities, score.item(), threshold)
        self.observer.answered(prediction.label, prediction.in_distribution)
        return prediction

    def _run(self, batch: Batch) -> Outputs:
        start = perf_counter()
        outputs = self.engine.run(batch)
        self.observer.ran(len(batch), start, perf_counter())
        return outputs

    def _read(self, payload: Payload) -> ModelInput:
        if isinstance(payload, np.ndarray):
            return payload
        start = perf_counter()
        try:
            if isinstance(payload, str):
                return clean_text(payload, self.limits)
            return read_input(payload, self.artifact.manifest.input, self.limits)
        finally:
            self.observer.decoded(start, perf_counter())

    def _read_or_error(self, payload: Payload) -> ModelInput | InputError:
        try:
            return self._read(payload)
        except InputError as error:
            # It may be kept for long, and the frames that it came through hold the picture as far as it was decoded.
            error.__cause__ = error.__context__ = None
            return error.with_traceback(None)


def predict_one(
    manifest: Manifest, probabilities: NDArray[np.float32], ood_score: float, threshold: float | None = None
) -> Prediction:
    """Turn one row of a model's outputs, `[K]` and a score, into an answer, by the rules of its manifest."""
    shown = probabilities.astype(np.float64).round(DECIMALS).tolist()
    by_label = dict(zip(manifest.labels, shown, strict=True))
    score = round(ood_score, DECIMALS)
    in_distribution = score <= manifest.ood.threshold
    point = manifest.operating_point
    if point is None:
        label = manifest.labels[int(probabilities.argmax())]
        return Prediction(label, by_label[label], by_label, score, in_distribution)
    used = point.threshold if threshold is None else threshold
    positive = by_label[point.positive] >= used
    label = point.positive if positive else _negative(manifest, point)
    return Prediction(label, by_label[label], by_label, score, in_distribution, positive, used)


def load_model(folder: Path, load_engine: EngineLoader, limits: InputLimits) -> LoadedModel:
    """Verify a model folder, load it, and accept it only if it reproduces its golden answers.

    Raises:
        ArtifactError: it must not be served; the error names the file and the reason.
    """
    artifact, golden = open_checked(folder)
    model, _ = accept(artifact, golden, load_engine, limits)
    return model


def open_checked(folder: Path, verifier: ManifestVerifier | None = None) -> tuple[Artifact, Golden]:
    """Verify a model folder, and its signature if there is a verifier, and read its golden answers.

    Raises:
        ArtifactError: it must not be served; the error names the file and the reason.
    """
    artifact = open_artifact(folder, verifier)
    golden = load_golden(artifact.folder / GOLDEN_FILE)
    _check_golden_shapes(golden, artifact.manifest)
    return artifact, golden


def accept(
    artifact: Artifact, golden: Golden, load_engine: EngineLoader, limits: InputLimits
) -> tuple[LoadedModel, Outputs]:
    """Load a verified folder's engine; return the model and its answers to the golden inputs, which are as at export.

    Raises:
        ArtifactError: the engine cannot load or run the graph, or it answers otherwise.
    """
    try:
        model = LoadedModel(artifact, load_engine(artifact.folder), limits)
        outputs = model.run(golden.inputs)
    # No engine documents a common type for what loading or running a graph can raise.
    except Exception as error:
        reason = _without_paths(str(error), artifact.folder)
        raise ArtifactError(GRAPH_FILE, f"cannot be run: {type(error).__name__}: {reason}") from error
    check_golden(golden, outputs)
    return model, outputs


def _without_paths(message: str, folder: Path) -> str:
    """Return the first line of an engine's message as clients may read it: no path of this machine or of its source."""
    first = message.replace(str(folder), "the model folder").strip().partition("\n")[0]
    return ABSOLUTE_PATH.sub("...", SOURCE_LINE.sub("", first))


def _negative(manifest: Manifest, point: OperatingPoint) -> str:
    return next(label for label in manifest.labels if label != point.positive)


def _stack(items: Sequence[ModelInput], spec: InputSpec) -> Batch:
    if isinstance(spec, TextSpec):
        return np.array(items, dtype=object)
    return np.stack(items).astype(np.uint8, copy=False)


def _check_golden_shapes(golden: Golden, manifest: Manifest) -> None:
    spec = manifest.input
    expected = () if isinstance(spec, TextSpec) else (spec.height, spec.width, spec.channels)
    if golden.inputs.shape[1:] != expected:
        raise ArtifactError(GOLDEN_FILE, f"its inputs have shape {golden.inputs.shape[1:]}, not {expected}")
    if golden.probabilities.shape[1] != len(manifest.labels):
        raise ArtifactError(
            GOLDEN_FILE,
            f"it has {golden.probabilities.shape[1]} probabilities for {len(manifest.labels)} labels",
        )
