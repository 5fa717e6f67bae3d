"""The responses of the Open Inference Protocol as its specification has them, as JSON schemas.

https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md and, for the
repository's index, Triton's `docs/protocol/extension_model_repository.md`. What a server may add is allowed.
"""

from typing import Any

Json = dict[str, Any]

DATATYPES = ["BOOL", *(f"{kind}{bits}" for kind in ("UINT", "INT") for bits in (8, 16, 32, 64)), "FP16", "FP32", "FP64"]
STRING: Json = {"type": "string"}
PARAMETERS: Json = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}


def record(required: Json, **optional: Json) -> Json:
    """An object that has some members for certain."""
    return {"type": "object", "properties": {**required, **optional}, "required": list(required)}


def list_of(items: Json) -> Json:
    """A list, all of whose items are of one kind."""
    return {"type": "array", "items": items}


TENSOR_METADATA = record(
    {
        "name": STRING,
        "datatype": {"enum": [*DATATYPES, "BYTES"]},
        "shape": list_of({"type": "integer", "minimum": -1}),
    }
)
SERVER_METADATA = record({"name": STRING, "version": STRING, "extensions": list_of(STRING)})
MODEL_METADATA = record(
    {
        "name": STRING,
        "platform": {"type": "string", "pattern": "^[a-z]+_[a-z]+$"},
        "inputs": list_of(TENSOR_METADATA),
        "outputs": list_of(TENSOR_METADATA),
    },
    versions=list_of(STRING),
    parameters=PARAMETERS,
)
OUTPUT_WITH_DATA = record(
    {
        "name": STRING,
        "datatype": {"enum": [*DATATYPES, "BYTES"]},
        "shape": list_of({"type": "integer", "minimum": 0}),
        "data": list_of({"type": ["number", "string", "boolean"]}),
    },
    parameters=PARAMETERS,
)
INFERENCE = record(
    {"model_name": STRING, "outputs": list_of(OUTPUT_WITH_DATA)},
    model_version=STRING,
    id=STRING,
    parameters=PARAMETERS,
)
ERROR = record({"error": {"type": "string", "minLength": 1}})
INDEX = list_of(record({"name": STRING, "state": STRING, "reason": STRING}, version=STRING))
READY = {
    "server live": record({"live": {"const": True}}),
    "server ready": record({"ready": {"const": True}}),
    "model ready": record({"name": STRING, "ready": {"const": True}}),
}
