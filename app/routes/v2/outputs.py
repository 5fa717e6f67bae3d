"""From a model's predictions to the protocol's answer: output tensors as JSON or in binary."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from fastapi import Response

from app.routes.answers import JsonResponse
from app.routes.v2.framing import JSON_LENGTH_HEADER
from app.routes.v2.request import Inference, WantedOutput
from app.routes.v2.signature import IN_DISTRIBUTION, LABEL, OOD_SCORE, PROBABILITIES, Datatype
from app.routes.v2.tensors import LENGTH_BYTES
from app.serving.artifact import Artifact
from app.serving.model import DECIMALS, Prediction

Predictions = Sequence[Prediction]

_VALUES: Mapping[str, Callable[[Prediction], Sequence[Any]]] = {
    PROBABILITIES: lambda prediction: list(prediction.probabilities.values()),
    OOD_SCORE: lambda prediction: [prediction.ood_score],
    LABEL: lambda prediction: [prediction.label],
    IN_DISTRIBUTION: lambda prediction: [prediction.in_distribution],
}


@dataclass(frozen=True)
class Output:
    """An output tensor: `data` are its elements, row by row."""

    name: str
    datatype: Datatype
    shape: tuple[int, ...]
    data: Sequence[Any]
    binary: bool


def answer(asked: Inference, artifact: Artifact, predictions: Predictions) -> Response:
    """Return the answer to a request: the numbers of `/predict`, in the tensors that were asked for."""
    outputs = [output_of(wanted, predictions) for wanted in asked.outputs]
    binaries = [to_bytes(output) if output.binary else None for output in outputs]
    head = json.dumps(
        {
            "model_name": artifact.manifest.task,
            "model_version": str(artifact.manifest.version),
            **({} if asked.id is None else {"id": asked.id}),
            "parameters": _parameters(artifact, predictions),
            "outputs": [_described(output, binary) for output, binary in zip(outputs, binaries, strict=True)],
        },
        separators=(",", ":"),
    ).encode()
    if all(binary is None for binary in binaries):
        return JsonResponse(head)
    return Response(
        b"".join((head, *(binary for binary in binaries if binary is not None))),
        headers={JSON_LENGTH_HEADER: str(len(head))},
        media_type="application/octet-stream",
    )


def output_of(wanted: WantedOutput, predictions: Predictions) -> Output:
    """Return an output tensor; a classification has no more classes than there are."""
    spec = wanted.spec
    if wanted.classes is None:
        values = [value for prediction in predictions for value in _VALUES[spec.name](prediction)]
        return Output(spec.name, spec.datatype, (len(predictions), *spec.dims), values, wanted.binary)
    rows = [_classification(prediction, wanted.classes) for prediction in predictions]
    shape = (len(rows), len(rows[0]))
    return Output(spec.name, "BYTES", shape, [text for row in rows for text in row], wanted.binary)


def to_bytes(output: Output) -> bytes:
    """Return a tensor's elements in binary, row by row, little-endian."""
    match output.datatype:
        case "BYTES":
            strings = [text.encode() for text in output.data]
            return b"".join(len(string).to_bytes(LENGTH_BYTES, "little") + string for string in strings)
        case "BOOL" | "UINT8":
            return bytes(output.data)
        case "FP32":
            return np.array(output.data, "<f4").tobytes()


def _classification(prediction: Prediction, classes: int) -> list[str]:
    """Return the likeliest labels, the likeliest first, as Triton writes them: `VALUE:INDEX:LABEL`."""
    ranked = sorted(enumerate(prediction.probabilities.items()), key=lambda item: item[1][1], reverse=True)
    return [f"{value:.{DECIMALS}f}:{index}:{label}" for index, (label, value) in ranked[:classes]]


def _described(output: Output, binary: bytes | None) -> dict[str, Any]:
    described = {"name": output.name, "datatype": output.datatype, "shape": output.shape}
    if binary is None:
        return {**described, "data": output.data}
    return {**described, "parameters": {"binary_data_size": len(binary)}}


def _parameters(artifact: Artifact, predictions: Predictions) -> dict[str, str | float]:
    threshold = predictions[0].threshold
    return {"sha256": artifact.sha256, **({} if threshold is None else {"threshold": threshold})}
