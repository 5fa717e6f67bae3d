"""Which engine runs a model: of those that may, the fastest that is installed and answers as the export did."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from app.inputs.limits import InputLimits
from app.serving.artifact import GOLDEN_FILE, Artifact
from app.serving.engine import Engine, Outputs
from app.serving.errors import ArtifactError
from app.serving.golden import Golden
from app.serving.linear_text import LINEAR_TEXT_FILE
from app.serving.linear_text_engine import LinearTextEngine
from app.serving.manifest import Manifest
from app.serving.model import LoadedModel, accept, open_checked
from app.serving.observer import UNOBSERVED, Observer
from app.serving.openvino_engine import OpenVinoEngine
from app.serving.signing import ManifestVerifier
from app.serving.tensorflow_engine import TensorFlowEngine

EngineChoice = Literal["auto", "tensorflow", "openvino"]
EngineName = Literal["numpy", "openvino", "tensorflow"]


@dataclass(frozen=True)
class EnginePolicy:
    """Which engine is asked for, and how engines use the cores.

    `auto` takes the fastest that passes. `tensorflow` runs everything in TensorFlow. `openvino` runs pictures in
    OpenVINO or not at all, and texts, for which it has no operations, as `auto` does.

    `streams` inputs are run at the same time, each by `threads` threads. `openvino_cache` is a folder where OpenVINO
    keeps compiled models.
    """

    choice: EngineChoice = "auto"
    streams: int = 1
    threads: int = 1
    openvino_cache: Path | None = None


def load_fastest(
    folder: Path,
    policy: EnginePolicy,
    limits: InputLimits,
    verifier: ManifestVerifier | None = None,
    observer: Observer = UNOBSERVED,
) -> LoadedModel:
    """Verify a model folder and load it with the engine that the policy leads to.

    An engine other than TensorFlow, in which the model was exported, must also decide as the export did: the same
    labels, the same inputs in distribution. With a verifier, the manifest must be signed.
    The observer hears of what the model does once it serves.

    Raises:
        ArtifactError: no engine may serve it; the error names the file and each engine's reason.
    """
    artifact, golden = open_checked(folder, verifier)
    refusals: dict[EngineName, ArtifactError] = {}
    names = _candidates(policy.choice, artifact.manifest)
    for name in names:
        try:
            model, outputs = accept(artifact, golden, partial(_load, name, policy, artifact.manifest), limits)
            if name != "tensorflow":
                _check_decisions(golden, outputs, artifact.manifest)
        except ArtifactError as refusal:
            refusals[name] = refusal
            continue
        return replace(
            model,
            engine_reason=_reason(policy.choice, artifact, refusals),
            observer=observer.of_model(artifact.manifest),
        )
    raise _refused(refusals) from refusals[names[-1]]


def _candidates(choice: EngineChoice, manifest: Manifest) -> tuple[EngineName, ...]:
    """The engines that may run a model, the fastest first (docs/benchmarks.md)."""
    if choice == "tensorflow":
        return ("tensorflow",)
    if manifest.input.kind == "text":
        return ("numpy", "tensorflow") if LINEAR_TEXT_FILE in manifest.files else ("tensorflow",)
    return ("openvino",) if choice == "openvino" else ("openvino", "tensorflow")


def _load(name: EngineName, policy: EnginePolicy, manifest: Manifest, folder: Path) -> Engine:
    match name:
        case "numpy":
            return LinearTextEngine(folder)
        case "openvino":
            return OpenVinoEngine(folder, policy.streams, policy.threads, policy.openvino_cache, manifest.files)
        case "tensorflow":
            return TensorFlowEngine(folder, policy.threads)


def _check_decisions(golden: Golden, outputs: Outputs, manifest: Manifest) -> None:
    if (outputs.probabilities.argmax(1) != golden.probabilities.argmax(1)).any():
        raise ArtifactError(GOLDEN_FILE, "a label differs")
    accepted = [np.round(scores, 6) <= manifest.ood.threshold for scores in (outputs.ood_score, golden.ood_score)]
    if (accepted[0] != accepted[1]).any():
        raise ArtifactError(GOLDEN_FILE, "an input is in distribution by the one and not by the other")


def _refused(refusals: dict[EngineName, ArtifactError]) -> ArtifactError:
    *passed, last = refusals.values()
    names = [*refusals][:-1]
    others = "".join(f"; {name}: {refusal}" for name, refusal in zip(names, passed, strict=True))
    return ArtifactError(last.file, f"{last.reason}{others}")


def _reason(choice: EngineChoice, artifact: Artifact, refusals: dict[EngineName, ArtifactError]) -> str:
    manifest = artifact.manifest
    if refusals:
        passed = "; ".join(f"{name}: {refusal}" for name, refusal in refusals.items())
        return f"faster ones were passed over: {passed}"
    if choice == "tensorflow" or (choice == "openvino" and manifest.input.kind != "text"):
        return f"asked for by QUARTET_ENGINE={choice}"
    if manifest.input.kind == "text" and LINEAR_TEXT_FILE not in manifest.files:
        return f"its text operations run in TensorFlow alone: the folder has no {LINEAR_TEXT_FILE}"
    return "the fastest that is installed and gives the golden answers"
