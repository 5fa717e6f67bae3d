"""From the body of an inference request to the model's inputs and what is wanted of its outputs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from app.problem_types import INVALID_TENSOR, MALFORMED, TOO_LARGE
from app.problems import ProblemError, validation_detail
from app.routes.v2.framing import JSON_LENGTH_HEADER, cut, json_length
from app.routes.v2.signature import PROBABILITIES, TensorSpec, inputs_of, outputs_of
from app.routes.v2.tensors import elements_of
from app.schemas_v2 import InferenceRequest, InputTensor, RequestedOutput
from app.serving.manifest import Manifest
from app.serving.model import Payload

MAX_VALUES = 1_000_000
"""Of a body's JSON: four colour pictures of 260 x 260, nineteen X-rays of 224 x 224. Parsed, a value takes up to some
hundred bytes, and parsing so many keeps Python for some hundredths of a second."""


@dataclass(frozen=True)
class WantedOutput:
    """An output tensor that is wanted, in binary or as JSON; with `classes`, so many of the likeliest labels."""

    spec: TensorSpec
    binary: bool
    classes: int | None = None


@dataclass(frozen=True)
class Inference:
    """What a request asks for. `seconds` is how long the answer is of use, None where it does not say."""

    input: str
    payloads: Sequence[Payload]
    outputs: Sequence[WantedOutput]
    id: str | None = None
    threshold: float | None = None
    seconds: float | None = None


def read_inference(body: bytes, stated_length: str | None, manifest: Manifest, most: int) -> Inference:
    """Read the body of a request.

    Args:
        body: JSON and, after it, binary tensors; or the one element of a request that has no JSON.
        stated_length: the header that says how long the JSON is, if there is one.
        manifest: the model's.
        most: the most elements of a request.

    Raises:
        ProblemError: it is not as the protocol, or the model's metadata, has it.
    """
    length = json_length(stated_length, len(body))
    if stated_length is not None and length == 0:
        return _raw(body, manifest)
    asked = _parse(body[:length])
    binary = _binary_of(asked.inputs, memoryview(body)[length:], stated_length)
    tensor, spec = _only_input(asked.inputs, manifest)
    parameters = asked.parameters
    all_binary = parameters is not None and parameters.binary_data_output is True
    return Inference(
        spec.name,
        elements_of(tensor, spec, binary[0], most),
        _wanted(asked.outputs, all_binary, manifest),
        asked.id,
        parameters.threshold if parameters else None,
        parameters.timeout / 1e6 if parameters and parameters.timeout else None,
    )


def _raw(body: bytes, manifest: Manifest) -> Inference:
    """Read a request without JSON: one file or text. Triton's raw binary request, with all outputs in binary."""
    return Inference(inputs_of(manifest.input)[-1].name, [body], _wanted([], True, manifest))


def _parse(json: bytes) -> InferenceRequest:
    # Commas within strings are counted too: a text of so many is no news.
    if json.count(b",") > MAX_VALUES:
        raise ProblemError(TOO_LARGE, f"The JSON has more than {MAX_VALUES:,} values. Send tensors as binary data.")
    try:
        return InferenceRequest.model_validate_json(json)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        raise ProblemError(MALFORMED, validation_detail(errors)) from error


def _binary_of(
    inputs: Sequence[InputTensor], binary: memoryview, stated_length: str | None
) -> Sequence[memoryview | None]:
    """Return the bytes of each input tensor, None for one whose elements are in the JSON."""
    sizes = [tensor.parameters.binary_data_size if tensor.parameters else None for tensor in inputs]
    if stated_length is None and any(size is not None for size in sizes):
        raise ProblemError(
            MALFORMED, f"With a binary tensor the header {JSON_LENGTH_HEADER} must state how long the JSON is."
        )
    parts = iter(cut(binary, [size for size in sizes if size is not None]))
    return [None if size is None else next(parts) for size in sizes]


def _only_input(inputs: Sequence[InputTensor], manifest: Manifest) -> tuple[InputTensor, TensorSpec]:
    specs = {spec.name: spec for spec in inputs_of(manifest.input)}
    if len(inputs) > 1:
        raise ProblemError(
            INVALID_TENSOR, f"{len(inputs)} inputs were given for {manifest.task!r}, which takes one: {_either(specs)}."
        )
    [tensor] = inputs
    spec = specs.get(tensor.name)
    if spec is None:
        raise ProblemError(
            INVALID_TENSOR, f"There is no input {tensor.name!r} of {manifest.task!r}; it takes {_either(specs)}."
        )
    if tensor.parameters and tensor.parameters.shared_memory_region is not None:
        raise ProblemError(INVALID_TENSOR, "Shared memory is not supported: send the tensor's data.")
    return tensor, spec


def _wanted(asked: Sequence[RequestedOutput], all_binary: bool, manifest: Manifest) -> Sequence[WantedOutput]:
    specs = {spec.name: spec for spec in outputs_of(manifest)}
    if not asked:
        return [WantedOutput(spec, all_binary) for spec in specs.values()]
    names = [output.name for output in asked]
    for name in names:
        if name not in specs:
            raise ProblemError(
                INVALID_TENSOR, f"There is no output {name!r} of {manifest.task!r}; it gives {', '.join(specs)}."
            )
        if names.count(name) > 1:
            raise ProblemError(INVALID_TENSOR, f"The output {name!r} is asked for more than once.")
    return [_wanted_one(output, specs[output.name], all_binary) for output in asked]


def _wanted_one(output: RequestedOutput, spec: TensorSpec, all_binary: bool) -> WantedOutput:
    parameters = output.parameters
    if parameters is None:
        return WantedOutput(spec, all_binary)
    if parameters.shared_memory_region is not None:
        raise ProblemError(INVALID_TENSOR, "Shared memory is not supported: outputs come with the answer.")
    if parameters.classification is not None and spec.name != PROBABILITIES:
        raise ProblemError(INVALID_TENSOR, f"Only {PROBABILITIES!r} can be given as a classification.")
    binary = all_binary if parameters.binary_data is None else parameters.binary_data
    return WantedOutput(spec, binary, parameters.classification)


def _either(names: Iterable[str]) -> str:
    return " or ".join(map(repr, names))
