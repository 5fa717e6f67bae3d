"""The OpenAPI document: FastAPI's own, with this service's errors and the bodies that it cannot derive."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from app import examples
from app.middleware.paths import is_inference_protocol, is_open
from app.problem_types import INTERNAL, RATE_LIMITED, UNAUTHENTICATED, ProblemType
from app.problems import MEDIA_TYPE
from app.schemas import (
    ExplainedDecision,
    ExplainedPicture,
    InferenceProblem,
    NotReady,
    Problem,
    TextBatchRequest,
    TextRequest,
)
from app.schemas_v2 import IndexRequest, InferenceRequest, LoadRequest, UnloadRequest
from app.tasks import Task

IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp", "image/bmp", "image/tiff", "image/gif")
BINARY = {"type": "string", "format": "binary"}
RETRY_AFTER = {"Retry-After": {"description": "seconds until a new try makes sense", "schema": {"type": "integer"}}}
# Those that FastAPI does not see, because a route reads or writes them itself.
OWN_MODELS = (
    Problem,
    NotReady,
    TextRequest,
    TextBatchRequest,
    ExplainedPicture,
    ExplainedDecision,
    InferenceProblem,
    InferenceRequest,
    IndexRequest,
    LoadRequest,
    UnloadRequest,
)
KEY_SCHEMES = {
    "Bearer": {"type": "http", "scheme": "bearer", "description": "an API key as `Authorization: Bearer KEY`"},
    "X-API-Key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "an API key as `X-API-Key: KEY`",
    },
}
REFERENCE = "#/components/schemas/{model}"

Json = dict[str, Any]


class DocumentedAPI(FastAPI):
    """FastAPI whose document has the problem schemas, and no error that this service does not give.

    Args:
        needs_key: whether calls need an API key.
        options: FastAPI's own.
    """

    def __init__(self, *, needs_key: bool, **options: Any) -> None:
        super().__init__(**options)
        self.needs_key = needs_key

    def openapi(self) -> Json:
        """Return the OpenAPI document, made once."""
        if self.openapi_schema is None:
            document = get_openapi(
                title=self.title,
                version=self.version,
                summary=self.summary,
                description=self.description,
                routes=self.routes,
                tags=self.openapi_tags,
            )
            for operations in document["paths"].values():
                for operation in operations.values():
                    _drop_own_validation_error(operation["responses"])
            schemas = document["components"]["schemas"]
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            for model in OWN_MODELS:
                schemas.update(_schemas_of(model))
            if self.needs_key:
                _ask_for_keys(document)
            self.openapi_schema = document
        return self.openapi_schema


def error_responses(*types: ProblemType) -> dict[int | str, Json]:
    """Document the errors that a call can give, and the internal error that any can, each with an example."""
    return _error_responses(types, Problem)


def inference_error_responses(*types: ProblemType) -> dict[int | str, Json]:
    """Document the errors that a call of the Open Inference Protocol can give. See `error_responses`."""
    return _error_responses(types, InferenceProblem)


def ok_response(example: Any, description: str, media_type: str = "application/json") -> dict[int | str, Json]:
    """Document a call's answer."""
    return {200: {"description": description, "content": {media_type: {"example": example}}}}


def file_response(description: str, media_type: str) -> dict[int | str, Json]:
    """Document a call that answers with a file."""
    return {200: {"description": description, "content": {media_type: {"schema": BINARY}}}}


def file_or_json_response(
    description: str, media_type: str, model: type[BaseModel], example: Any
) -> dict[int | str, Json]:
    """Document a call that answers with a file or, to a client that prefers it, with JSON."""
    response = file_response(description, media_type)
    response[200]["content"]["application/json"] = {"schema": reference(model), "example": example}
    return response


def one_input_body(task: Task) -> Json:
    """Document the body of a call that takes one input."""
    form: Json = {"multipart/form-data": {"schema": _form("file", BINARY)}}
    # Swagger UI offers the first: a text's example can be sent as it is.
    if task.kind == "image":
        content = form | {media_type: {"schema": BINARY} for media_type in (*IMAGE_TYPES, "application/octet-stream")}
    else:
        content = {
            "application/json": {"schema": reference(TextRequest), "example": {"text": examples.TEXT}},
            "text/plain": {"schema": {"type": "string"}, "example": examples.TEXT},
        } | form
    return {"requestBody": {"required": True, "content": content}}


def batch_body(task: Task) -> Json:
    """Document the body of a call that takes many inputs."""
    content: Json = {
        "multipart/form-data": {"schema": _form("files", {"type": "array", "items": BINARY, "minItems": 1})}
    }
    if task.kind == "text":
        example = {"texts": [examples.TEXT, examples.OTHER_TEXT]}
        content = {"application/json": {"schema": reference(TextBatchRequest), "example": example}} | content
    return {"requestBody": {"required": True, "content": content}}


def reference(model: type[BaseModel]) -> Json:
    """Refer to a model's schema."""
    return {"$ref": REFERENCE.format(model=model.__name__)}


def _error_responses(types: Sequence[ProblemType], model: type[Problem]) -> dict[int | str, Json]:
    responses: dict[int | str, Json] = {}
    for type_ in (*types, INTERNAL):
        empty = {"description": "", "content": {MEDIA_TYPE: {"schema": reference(model), "examples": {}}}}
        response = responses.setdefault(int(type_.status), empty)
        if type_.retry_seconds is not None:
            response["headers"] = RETRY_AFTER
        response["description"] = f"{response['description']} {type_.meaning}".strip()
        problem = examples.problem_example(type_)
        value = problem if model is Problem else {**problem, "error": problem["detail"]}
        response["content"][MEDIA_TYPE]["examples"][type_.slug] = {"summary": type_.title, "value": value}
    return responses


def _form(field: str, schema: Json) -> Json:
    return {"type": "object", "properties": {field: schema}, "required": [field]}


def _schemas_of(model: type[BaseModel]) -> Json:
    schema = model.model_json_schema(ref_template=REFERENCE)
    return {**schema.pop("$defs", {}), model.__name__: schema}


def _ask_for_keys(document: Json) -> None:
    document["components"].setdefault("securitySchemes", {}).update(KEY_SCHEMES)
    for path, operations in document["paths"].items():
        if is_open(path):
            continue
        for operation in operations.values():
            operation["security"] = [{name: []} for name in KEY_SCHEMES]
            document_errors = inference_error_responses if is_inference_protocol(path) else error_responses
            for status, response in document_errors(UNAUTHENTICATED, RATE_LIMITED).items():
                operation["responses"].setdefault(str(status), response)


def _drop_own_validation_error(responses: Json) -> None:
    """Remove the 422 that FastAPI adds to every call with parameters: here a bad parameter is a 400."""
    if "application/json" in responses.get("422", {}).get("content", {}):
        del responses["422"]
