"""The OpenAPI document tells a client everything it can get, with examples that are true to the schemas."""

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from app import schemas, schemas_v2
from app.tasks import TASKS

Json = dict[str, Any]

ONE = {"200", "400", "404", "408", "413", "415", "422", "500", "503", "504"}
BATCH = {"200", "400", "404", "408", "413", "415", "500", "503", "504"}
V2_INFER = {"200", "400", "404", "408", "413", "415", "500", "503", "504"}
V2_ADMIN = {"200", "400", "401", "403", "404", "408", "409", "413", "415", "500"}
V2_MODEL = [f"/v2/models/{{model}}{end}" for end in ("", "/ready", "/config")]
V2_VERSION = [f"/v2/models/{{model}}/versions/{{version}}{end}" for end in ("", "/ready", "/config")]
STATUSES = {
    **{f"/predict/{task.name}": ONE for task in TASKS},
    **{f"/predict/{task.name}/batch": BATCH for task in TASKS},
    **{f"/explain/{task.name}": ONE for task in TASKS if task.explained},
    "/models": {"200", "500"},
    "/models/{task}": {"200", "404", "500"},
    "/models/{task}/reload": {"200", "400", "401", "403", "404", "409", "500"},
    "/models/{task}/card": {"200", "404", "500", "503"},
    "/models/{task}/plots/{name}": {"200", "404", "500", "503"},
    **{path: {"200", "400", "404", "500", "503"} for path in (*V2_MODEL, *V2_VERSION)},
    **{f"{path}/infer": V2_INFER for path in ("/v2/models/{model}", "/v2/models/{model}/versions/{version}")},
    "/v2": {"200", "500"},
    "/v2/health/live": {"200", "500"},
    "/v2/health/ready": {"200", "500", "503"},
    "/v2/repository/index": {"200", "400", "408", "413", "415", "500"},
    "/v2/repository/models/{model}/load": V2_ADMIN,
    "/v2/repository/models/{model}/unload": V2_ADMIN,
    "/health/live": {"200", "500"},
    "/health/ready": {"200", "500", "503"},
    "/problems/{slug}": {"200", "404", "500"},
    "/metrics": {"200", "403", "500"},
}


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> Json:
    return dict(client.get("/openapi.json").json())


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield path, operation


def test_every_call_lists_the_statuses_it_can_give(document: Json) -> None:
    assert {path: set(operation["responses"]) for path, operation in operations(document)} == STATUSES


def test_every_error_is_a_problem_with_an_example_of_each_kind(document: Json) -> None:
    for path, operation in operations(document):
        for status, response in operation["responses"].items():
            if status == "200":
                continue
            assert list(response["content"]) == ["application/problem+json"], path
            examples = list(_examples(response["content"]["application/problem+json"]))
            assert examples
            assert {str(example["status"]) for example in examples} == {status}
    kinds = document["paths"]["/predict/digit"]["post"]["responses"]["422"]["content"]["application/problem+json"]
    assert set(kinds["examples"]) == {"broken-input", "oversized-input"}


def test_every_call_that_answers_json_has_an_example(document: Json) -> None:
    for path, operation in operations(document):
        for media_type, content in operation["responses"]["200"]["content"].items():
            if media_type == "application/json":
                assert list(_examples(content)), path


def test_every_example_is_true_to_its_schema(document: Json) -> None:
    checked = 0
    for _, operation in operations(document):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for body in (*bodies, *operation["responses"].values()):
            for media_type, content in body["content"].items():
                for example in _examples(content) if "json" in media_type else ():
                    TypeAdapter(_type_of(content["schema"])).validate_python(example)
                    checked += 1
    assert checked > 50


def test_a_true_examples_schema_refuses_a_false_one(document: Json) -> None:
    content = document["paths"]["/predict/digit"]["post"]["responses"]["200"]["content"]["application/json"]
    with pytest.raises(ValueError, match="label"):
        TypeAdapter(_type_of(content["schema"])).validate_python(content["example"] | {"label": 7})


def test_every_reference_of_the_document_resolves(document: Json) -> None:
    names = {reference.removeprefix("#/components/schemas/") for reference in _references(document)}
    assert names <= set(document["components"]["schemas"])
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_a_picture_call_takes_a_form_and_raw_bytes(document: Json) -> None:
    content = document["paths"]["/predict/catdog"]["post"]["requestBody"]["content"]
    assert content["multipart/form-data"]["schema"]["properties"]["file"]["format"] == "binary"
    assert {"image/jpeg", "image/png", "application/dicom", "application/octet-stream"} <= set(content)


def test_a_batch_call_takes_one_input_or_more(document: Json) -> None:
    content = document["paths"]["/predict/topic/batch"]["post"]["requestBody"]["content"]
    assert content["multipart/form-data"]["schema"]["properties"]["files"]["minItems"] == 1
    assert document["components"]["schemas"]["TextBatchRequest"]["properties"]["texts"]["minItems"] == 1


def test_an_explained_picture_is_a_png_or_its_numbers(document: Json) -> None:
    content = document["paths"]["/explain/pneumonia"]["post"]["responses"]["200"]["content"]
    assert list(content) == ["image/png", "application/json"]
    assert content["image/png"]["schema"] == {"type": "string", "format": "binary"}
    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/ExplainedDecision"}


def test_a_text_call_takes_json_plain_text_and_a_form(document: Json) -> None:
    content = document["paths"]["/predict/topic"]["post"]["requestBody"]["content"]
    assert set(content) == {"application/json", "text/plain", "multipart/form-data"}


def test_every_call_that_runs_a_model_takes_a_deadline(document: Json) -> None:
    for path, operation in operations(document):
        names = [parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "header"]
        runs_a_model = path.startswith(("/predict", "/explain")) or path.endswith("/infer")
        assert ("X-Deadline-Ms" in names) == runs_a_model


def test_every_task_lets_its_version_be_named_and_lists_what_else_it_lets_choose(document: Json) -> None:
    parameters = {
        path: [parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"]
        for path, operation in operations(document)
        if path.startswith(("/predict", "/explain"))
    }
    expected = {
        "/predict/topic": ["top", "version"],
        "/predict/topic/batch": ["top", "version"],
        "/predict/digit": ["version"],
        "/predict/digit/batch": ["version"],
        "/predict/catdog": ["version"],
        "/predict/catdog/batch": ["version"],
        "/predict/pneumonia": ["threshold", "version"],
        "/predict/pneumonia/batch": ["threshold", "version"],
        "/explain/topic": ["top", "words", "version"],
        "/explain/catdog": ["layer", "version"],
        "/explain/pneumonia": ["threshold", "layer", "version"],
    }
    assert {path: parameters[path] for path in expected} == expected
    assert all("version" in names for names in parameters.values())


def test_an_admin_call_says_how_its_key_is_sent(document: Json) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes["Bearer"]["scheme"] == "bearer"
    assert (schemes["X-API-Key"]["in"], schemes["X-API-Key"]["name"]) == ("header", "X-API-Key")
    secured = {path: operation["security"] for path, operation in operations(document) if "security" in operation}
    calls = ("/models/{task}/reload", "/v2/repository/models/{model}/load", "/v2/repository/models/{model}/unload")
    assert secured == {path: [{"Bearer": []}, {"X-API-Key": []}] for path in calls}


def test_every_call_has_a_summary_and_a_description(document: Json) -> None:
    for path, operation in operations(document):
        assert operation["summary"], path
        assert operation["description"], path


def _examples(content: Json) -> Iterator[Any]:
    if "example" in content:
        yield content["example"]
    for example in content.get("examples", {}).values():
        yield example["value"]


def _type_of(schema: Json) -> Any:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return getattr(schemas, name, None) or getattr(schemas_v2, name)
    if "anyOf" in schema:
        return reduce(or_, (_type_of(option) for option in schema["anyOf"]))
    assert schema["type"] == "array"
    return list[_type_of(schema["items"])]  # type: ignore[misc]


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
