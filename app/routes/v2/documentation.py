"""What the OpenAPI document shows of the protocol's calls: example bodies, and what FastAPI cannot derive."""

from typing import Any

from pydantic import BaseModel

from app.examples import OTHER_TEXT, REFUSED, SHA256, TEXT
from app.openapi import BINARY, Json, reference
from app.routes.v2.framing import JSON_LENGTH_HEADER
from app.schemas_v2 import InferenceRequest
from app.tasks import Task, task_named

SERVER = {
    "name": "quartet",
    "version": "0.1.0",
    "extensions": ["binary_tensor_data", "classification", "model_configuration", "model_repository"],
}
READY = {"name": "catdog", "ready": True}
MODEL = {
    "name": "catdog",
    "versions": ["2"],
    "platform": "tensorflow_savedmodel",
    "inputs": [
        {"name": "inputs", "datatype": "UINT8", "shape": [-1, 260, 260, 3]},
        {"name": "encoded", "datatype": "BYTES", "shape": [-1]},
    ],
    "outputs": [
        {"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]},
        {"name": "ood_score", "datatype": "FP32", "shape": [-1]},
        {"name": "label", "datatype": "BYTES", "shape": [-1]},
        {"name": "in_distribution", "datatype": "BOOL", "shape": [-1]},
    ],
    "parameters": {"labels": '["cat", "dog"]', "ood_threshold": 1.0, "sha256": SHA256},
}
CONFIGURATION = {
    "name": "catdog",
    "platform": "tensorflow_savedmodel",
    "max_batch_size": 64,
    "input": [
        {"name": "inputs", "data_type": "TYPE_UINT8", "dims": [260, 260, 3], "optional": True},
        {"name": "encoded", "data_type": "TYPE_STRING", "dims": [], "optional": True},
    ],
    "output": [
        {"name": "probabilities", "data_type": "TYPE_FP32", "dims": [2]},
        {"name": "ood_score", "data_type": "TYPE_FP32", "dims": []},
        {"name": "label", "data_type": "TYPE_STRING", "dims": []},
        {"name": "in_distribution", "data_type": "TYPE_BOOL", "dims": []},
    ],
    "parameters": {
        "labels": {"string_value": '["cat", "dog"]'},
        "ood_threshold": {"string_value": "1.0"},
        "sha256": {"string_value": SHA256},
    },
}
LOADED = {"name": "pneumonia", "version": "2", "state": "READY", "reason": ""}
UNLOADED = {"name": "pneumonia", "state": "UNAVAILABLE", "reason": "it was unloaded on request"}
INDEX = [
    {"name": "pneumonia", "version": "3", "state": "UNAVAILABLE", "reason": REFUSED},
    LOADED,
    {"name": "pneumonia", "version": "1", "state": "UNAVAILABLE", "reason": "version 2 serves"},
]


def infer_body() -> Json:
    """Document the body of an inference request."""
    examples = {
        "texts": {"summary": "Two texts", "value": _request("inputs", [TEXT, OTHER_TEXT])},
        "file": {
            "summary": "A picture file in Base64 (here a GIF of one pixel), and some outputs",
            "value": {
                **_request("encoded", [GIF], content_type="base64"),
                "outputs": [{"name": "label"}, {"name": "probabilities", "parameters": {"classification": 2}}],
            },
        },
    }
    return {
        "required": True,
        "content": {
            "application/json": {"schema": reference(InferenceRequest), "examples": examples},
            "application/octet-stream": {"schema": BINARY},
        },
    }


GIF = "R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw=="


def infer_parameters() -> list[Json]:
    """Document the header of an inference request."""
    return [
        {
            "name": JSON_LENGTH_HEADER,
            "in": "header",
            "required": False,
            "description": "bytes of the JSON, where binary tensors follow it; 0: the body is one picture file or text",
            "schema": {"type": "integer", "minimum": 0, "maximum": 999_999_999_999},
        }
    ]


def infer_response() -> dict[int | str, Json]:
    """Document the answer to an inference request."""
    return {
        200: {
            "description": "The output tensors; where some are in binary, the JSON and then their bytes.",
            "headers": {
                JSON_LENGTH_HEADER: {
                    "description": "bytes of the JSON, where binary tensors follow it",
                    "schema": {"type": "integer"},
                }
            },
            "content": {
                "application/json": {"example": inference_example(task_named("catdog"))},
                "application/octet-stream": {"schema": BINARY},
            },
        }
    }


def inference_example(task: Task) -> Json:
    """Return a task's answer to a request with one element."""
    label, _ = max(task.example, key=lambda item: item[1])
    return {
        "model_name": task.name,
        "model_version": "2",
        "id": "42",
        "parameters": {"sha256": SHA256},
        "outputs": [
            {
                "name": "probabilities",
                "datatype": "FP32",
                "shape": [1, len(task.example)],
                "data": [probability for _, probability in task.example],
            },
            {"name": "ood_score", "datatype": "FP32", "shape": [1], "data": [0.938214]},
            {"name": "label", "datatype": "BYTES", "shape": [1], "data": [label]},
            {"name": "in_distribution", "datatype": "BOOL", "shape": [1], "data": [True]},
        ],
    }


def optional_body(schema: type[BaseModel], example: Any) -> Json:
    """Document a JSON body that may be left out."""
    return {"required": False, "content": {"application/json": {"schema": reference(schema), "example": example}}}


def _request(name: str, data: list[str], **parameters: str) -> Json:
    tensor: Json = {"name": name, "datatype": "BYTES", "shape": [len(data)], "data": data}
    return {"id": "42", "inputs": [{**tensor, "parameters": parameters} if parameters else tensor]}
