"""The protocol's JSON objects, as the documentation shows them.

https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md and, for what
Triton adds, https://github.com/triton-inference-server/server/tree/main/docs/protocol.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field

MAX_TENSORS = 16
MAX_DIMENSIONS = 8

Name = Annotated[str, Field(max_length=256)]
Int64 = Annotated[int, Field(ge=-(2**63), lt=2**63)]


class _Request(BaseModel):
    # The protocol lets a server ignore parameters that it does not know.
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)


class _Response(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InputParameters(_Request):
    """How an input tensor comes."""

    binary_data_size: Int64 | None = Field(None, ge=0, description="bytes of the tensor, which follow the JSON")
    content_type: str | None = Field(None, description="`base64`: the strings of `data` are files in Base64")
    shared_memory_region: str | None = Field(None, description="not supported")


class InputTensor(_Request):
    """An input tensor: its elements as `data` or, after the JSON, in binary."""

    name: Name
    shape: Annotated[list[Int64], FailFast()] = Field(max_length=MAX_DIMENSIONS)
    datatype: Name
    parameters: InputParameters | None = None
    data: list[Any] | None = Field(None, description="the elements, row by row: flat, or nested as `shape` says")


class OutputParameters(_Request):
    """How an output tensor is wanted."""

    binary_data: bool | None = Field(None, description="in binary, after the JSON")
    classification: Int64 | None = Field(
        None, ge=1, description="of `probabilities`: so many of the highest, as `PROBABILITY:INDEX:LABEL`"
    )
    shared_memory_region: str | None = Field(None, description="not supported")


class RequestedOutput(_Request):
    """An output tensor that is wanted."""

    name: Name
    parameters: OutputParameters | None = None


class RequestParameters(_Request):
    """What a request may choose."""

    binary_data_output: bool | None = Field(None, description="all outputs in binary that do not say otherwise")
    threshold: float | None = Field(
        None, ge=0, le=1, description="of pneumonia: probability from which the label is positive, not the model's own"
    )
    timeout: Int64 | None = Field(None, ge=0, description="microseconds that the answer is of use; 0: any time")


class InferenceRequest(_Request):
    """What an inference is asked for with."""

    id: str | None = Field(None, max_length=1024, description="comes back with the answer")
    parameters: RequestParameters | None = None
    inputs: Annotated[list[InputTensor], FailFast()] = Field(
        min_length=1, max_length=MAX_TENSORS, description="exactly one of those that the model's metadata states"
    )
    outputs: Annotated[list[RequestedOutput], FailFast()] = Field(
        [], max_length=MAX_TENSORS, description="all, unless some are named"
    )


class OutputTensor(_Response):
    """An output tensor: its elements as `data` or, after the JSON, in binary."""

    name: str
    shape: list[int]
    datatype: Literal["BOOL", "FP32", "BYTES"]
    parameters: dict[str, int] | None = Field(None, description="`binary_data_size` of a binary tensor, in bytes")
    data: list[bool] | list[float] | list[str] | None = Field(None, description="the elements, row by row, flat")


class InferenceResponse(_Response):
    """The answer to an inference request."""

    model_name: str
    model_version: str
    id: str | None = None
    parameters: dict[str, str | float] = Field(
        description="`sha256` of the model's manifest; of pneumonia the `threshold` that was used"
    )
    outputs: list[OutputTensor]


class ServerMetadata(_Response):
    """What the server is."""

    name: str
    version: str
    extensions: list[str]


class TensorMetadata(_Response):
    """A tensor; -1 is any number."""

    name: str
    datatype: Literal["BOOL", "UINT8", "FP32", "BYTES"]
    shape: list[int]


class ModelMetadata(_Response):
    """What a model takes and gives. A request gives exactly one of the inputs."""

    name: str
    versions: list[str] = Field(description="those that are loaded")
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]
    parameters: dict[str, str | float] = Field(
        description="`labels` in the order of `probabilities`, as a JSON array; the thresholds; the manifest's sha256"
    )


class ConfiguredInput(_Response):
    """An input in a model's configuration; `dims` leave the batch out."""

    name: str
    data_type: Literal["TYPE_UINT8", "TYPE_STRING"]
    dims: list[int]
    optional: bool


class ConfiguredOutput(_Response):
    """An output in a model's configuration; `dims` leave the batch out."""

    name: str
    data_type: Literal["TYPE_BOOL", "TYPE_FP32", "TYPE_STRING"]
    dims: list[int]


class ConfigurationParameter(_Response):
    """A parameter's value."""

    string_value: str


class ModelConfiguration(_Response):
    """Of Triton's model configuration what clients read."""

    name: str
    platform: str
    max_batch_size: int = Field(description="most elements of one request")
    input: list[ConfiguredInput]
    output: list[ConfiguredOutput]
    parameters: dict[str, ConfigurationParameter]


class ServerLive(_Response):
    """The process answers."""

    live: Literal[True] = True


class ServerReady(_Response):
    """Every model answers that was not unloaded."""

    ready: Literal[True] = True


class ModelReady(_Response):
    """The model answers."""

    name: str
    ready: Literal[True] = True


class IndexRequest(_Request):
    """Which versions to list."""

    ready: bool = Field(False, description="only those that answer")


class LoadParameters(_Request):
    """Triton's `config` and `file:...`, which are refused here: a model's configuration and files are its folder's."""

    model_config = ConfigDict(extra="allow")

    config: str | None = None


class LoadRequest(_Request):
    """A model to load."""

    parameters: LoadParameters | None = None


class UnloadParameters(_Request):
    """What to unload."""

    unload_dependents: bool = Field(False, description="of no effect: no model depends on another")


class UnloadRequest(_Request):
    """A model to unload."""

    parameters: UnloadParameters | None = None


class RepositoryModel(_Response):
    """A version of a model, or a model that has none."""

    name: str
    version: str | None = None
    state: Literal["READY", "UNAVAILABLE"]
    reason: str
