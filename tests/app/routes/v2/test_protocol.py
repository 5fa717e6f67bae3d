"""The Open Inference Protocol over a real socket, with plain HTTP: the responses are those of its specification."""

import base64
import gzip
import json
import struct
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import numpy as np
import pytest

from app.main import create_app
from app.settings import Settings
from helpers import inference_protocol as published
from helpers.blocked import blocked_service
from helpers.pictures import bomb_png, digit_png, jpeg, png
from helpers.servers import serving
from helpers.tiny_models import LABELS, pneumonia_probability, topic_of

Json = dict[str, Any]
Check = Callable[[httpx.Response], dict[str, object]]

TASKS = list(LABELS)
RED = jpeg((60, 60), (220, 30, 30))
HEADER = "Inference-Header-Content-Length"


def encoded(*files: bytes) -> Json:
    data = [base64.b64encode(file).decode() for file in files]
    parameters = {"content_type": "base64"}
    return {"name": "encoded", "datatype": "BYTES", "shape": [len(data)], "data": data, "parameters": parameters}


def texts(*data: str) -> Json:
    return {"name": "inputs", "datatype": "BYTES", "shape": [len(data)], "data": list(data)}


def infer(client: httpx.Client, model: str, tensor: Json, **fields: object) -> httpx.Response:
    return client.post(f"/v2/models/{model}/infer", json={"inputs": [tensor], **fields})


def outputs(response: httpx.Response) -> dict[str, list[Any]]:
    assert response.status_code == 200, response.text
    body = response.json()
    jsonschema.validate(body, published.INFERENCE)
    for output in body["outputs"]:
        assert np.prod(output["shape"]) == len(output["data"])
    return {output["name"]: output["data"] for output in body["outputs"]}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("health/live", "server live"),
        ("health/ready", "server ready"),
        ("models/digit/ready", "model ready"),
        ("models/digit/versions/1/ready", "model ready"),
    ],
)
def test_health_is_as_published(client: httpx.Client, path: str, kind: str) -> None:
    response = client.get(f"/v2/{path}")
    assert response.status_code == 200
    jsonschema.validate(response.json(), published.READY[kind])


@pytest.mark.parametrize("path", ["/v2", "/v2/"])
def test_the_servers_metadata_are_as_published(client: httpx.Client, path: str) -> None:
    body = client.get(path).json()
    jsonschema.validate(body, published.SERVER_METADATA)
    assert {"binary_tensor_data", "classification", "model_repository"} <= set(body["extensions"])


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("version", ["", "/versions/1"])
def test_a_models_metadata_are_as_published_and_its_answers_are_as_its_metadata_say(
    client: httpx.Client, task: str, version: str
) -> None:
    metadata = client.get(f"/v2/models/{task}{version}").json()
    jsonschema.validate(metadata, published.MODEL_METADATA)
    assert (metadata["name"], metadata["versions"]) == (task, ["1"])
    assert json.loads(metadata["parameters"]["labels"]) == list(LABELS[task])
    stated = {output["name"]: (output["datatype"], output["shape"][1:]) for output in metadata["outputs"]}
    tensor = texts("oil", "gold") if task == "topic" else encoded(digit_png(), digit_png())
    assert tensor["name"] in [expected["name"] for expected in metadata["inputs"]]
    answer = client.post(f"/v2/models/{task}{version}/infer", json={"inputs": [tensor]}).json()
    assert {output["name"]: (output["datatype"], output["shape"][1:]) for output in answer["outputs"]} == stated
    assert {output["shape"][0] for output in answer["outputs"]} == {2}


@pytest.mark.parametrize("task", TASKS)
def test_a_models_configuration_agrees_with_its_metadata(client: httpx.Client, task: str) -> None:
    metadata, configuration = (client.get(f"/v2/models/{task}{end}").json() for end in ("", "/config"))
    assert configuration["max_batch_size"] == Settings().max_batch_items
    for theirs, ours in (("input", "inputs"), ("output", "outputs")):
        dims = {tensor["name"]: [-1, *tensor["dims"]] for tensor in configuration[theirs]}
        assert dims == {tensor["name"]: tensor["shape"] for tensor in metadata[ours]}
    assert {tensor["optional"] for tensor in configuration["input"]} == {task != "topic"}
    assert json.loads(configuration["parameters"]["labels"]["string_value"]) == list(LABELS[task])


@pytest.mark.parametrize("task", ["digit", "catdog", "pneumonia"])
def test_a_picture_file_gets_the_answer_of_predict(client: httpx.Client, task: str) -> None:
    upload = digit_png() if task == "digit" else RED
    predicted = client.post(f"/predict/{task}", content=upload).json()
    answer = outputs(infer(client, task, encoded(upload)))
    assert answer["probabilities"] == list(predicted["probabilities"].values())
    assert answer["ood_score"] == [predicted["ood_score"]]
    assert answer["label"] == [predicted["label"]]
    assert answer["in_distribution"] == [predicted["in_distribution"]]


def test_texts_get_their_topics_in_order(client: httpx.Client) -> None:
    sent = ["oil", "Oil prices \u2191", "gold and silver"]
    assert outputs(infer(client, "topic", texts(*sent)))["label"] == [topic_of(text) for text in sent]


def test_pixels_are_what_the_model_gets(client: httpx.Client) -> None:
    greys = [20, 200]
    pixels = [[[[grey]] * 16] * 16 for grey in greys]
    tensor = {"name": "inputs", "datatype": "UINT8", "shape": [2, 16, 16, 1], "data": pixels}
    answer = outputs(infer(client, "pneumonia", tensor))
    assert answer["probabilities"][1::2] == pytest.approx([pneumonia_probability(grey) for grey in greys], abs=1e-5)
    assert answer["label"] == ["NORMAL", "PNEUMONIA"]


def test_the_label_follows_the_threshold(client: httpx.Client) -> None:
    grey = encoded(png("L", (16, 16), 120))
    for threshold, label in ((None, "NORMAL"), (0.4, "PNEUMONIA"), (0.5, "NORMAL")):
        response = infer(client, "pneumonia", grey, parameters={} if threshold is None else {"threshold": threshold})
        assert outputs(response)["label"] == [label]
        assert response.json()["parameters"]["threshold"] == (threshold or 0.5)


def test_the_id_the_version_and_the_models_identity_come_back(client: httpx.Client) -> None:
    body = infer(client, "topic", texts("oil"), id="42").json()
    assert (body["id"], body["model_name"], body["model_version"]) == ("42", "topic", "1")
    identity = client.get("/models/topic").json()["versions"][0]["sha256"]
    assert body["parameters"] == {"sha256": identity}
    assert "id" not in infer(client, "topic", texts("oil")).json()


def test_outputs_come_as_they_are_asked_for_and_in_that_order(client: httpx.Client) -> None:
    asked = [{"name": "label"}, {"name": "probabilities", "parameters": {"classification": 2}}]
    answer = outputs(infer(client, "catdog", encoded(RED), outputs=asked))
    assert list(answer) == ["label", "probabilities"]
    first, second = answer["probabilities"]
    assert first.split(":")[1:] == ["0", "cat"]
    assert second.split(":")[1:] == ["1", "dog"]
    assert float(first.split(":")[0]) > float(second.split(":")[0])


def test_a_classification_has_no_more_classes_than_there_are(client: httpx.Client) -> None:
    asked = [{"name": "probabilities", "parameters": {"classification": 1000}}]
    [output] = infer(client, "catdog", encoded(RED, RED), outputs=asked).json()["outputs"]
    assert (output["datatype"], output["shape"]) == ("BYTES", [2, 2])


def test_a_file_alone_is_answered_in_binary(client: httpx.Client) -> None:
    response = client.post("/v2/models/catdog/infer", content=RED, headers={HEADER: "0"})
    assert response.headers["content-type"] == "application/octet-stream"
    length = int(response.headers[HEADER])
    head, rest = json.loads(response.content[:length]), response.content[length:]
    sizes = [output["parameters"]["binary_data_size"] for output in head["outputs"]]
    assert sizes == [8, 4, 7, 1]
    assert sum(sizes) == len(rest)
    assert struct.unpack("<2f", rest[:8]) == pytest.approx(
        list(client.post("/predict/catdog", content=RED).json()["probabilities"].values())
    )
    assert rest[12:] == b"\3\0\0\0cat\1"


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
def test_a_body_may_be_compressed(client: httpx.Client, compress: Callable[[bytes], bytes]) -> None:
    name = "gzip" if compress is gzip.compress else "deflate"
    body = compress(json.dumps({"inputs": [texts("oil", "gold")]}).encode())
    response = client.post("/v2/models/topic/infer", content=body, headers={"Content-Encoding": name})
    assert outputs(response)["label"] == [topic_of("oil"), topic_of("gold")]


def test_a_small_body_that_becomes_a_large_one_is_too_large(client: httpx.Client, problem: Check) -> None:
    body = gzip.compress(bytes(50_000_000))
    assert len(body) < 100_000
    response = client.post("/v2/models/topic/infer", content=body, headers={"Content-Encoding": "gzip"})
    assert response.status_code == 413
    assert problem(response)["error"] == "The body is larger than 1,000,000 bytes."


def test_an_encoding_that_is_not_read_is_told_those_that_are(client: httpx.Client, problem: Check) -> None:
    response = client.post("/v2/models/topic/infer", content=b"any", headers={"Content-Encoding": "br"})
    assert response.status_code == 415
    assert response.headers["accept-encoding"] == "gzip, deflate"
    assert problem(response)["error"] == "A body may be compressed with gzip or deflate, not with 'br'."


BAD = {
    "no model": ("GET", "models/horse", 404, "There is no model 'horse'. The models are topic, digit"),
    "no model to infer": ("POST", "models/horse/infer", 404, "There is no model 'horse'."),
    "no model to be ready": ("GET", "models/horse/ready", 404, "There is no model 'horse'."),
    "no version": (
        "GET",
        "models/digit/versions/9",
        404,
        "Version 9 of the model of 'digit' is not loaded. Loaded: 1.",
    ),
    "no version to infer": ("POST", "models/digit/versions/9/infer", 404, "Version 9"),
    "no version to be ready": ("GET", "models/digit/versions/9/ready", 404, "Version 9"),
    "no number": ("GET", "models/digit/versions/new", 400, "The version 'new' is no whole number."),
    "no number in Arabic": ("GET", "models/digit/versions/%D9%A3", 400, "is no whole number."),
    "an endless number": ("GET", f"models/digit/versions/{'9' * 5000}", 400, "is no whole number."),
    "an empty body": ("POST", "models/digit/infer", 400, "Invalid JSON"),
    "no statistics": ("GET", "models/digit/stats", 404, "There is nothing at /v2/models/digit/stats."),
    "another method": ("GET", "models/digit/infer", 405, "GET is not allowed here."),
}


@pytest.mark.parametrize(("method", "path", "status", "error"), BAD.values(), ids=BAD)
def test_an_error_is_a_problem_and_has_the_protocols_own_member(
    client: httpx.Client, problem: Check, method: str, path: str, status: int, error: str
) -> None:
    response = client.request(method, f"/v2/{path}")
    assert response.status_code == status
    body = problem(response)
    jsonschema.validate(body, published.ERROR)
    assert body["error"] == body["detail"]
    assert error in str(body["error"])


def test_elsewhere_a_problem_has_no_such_member(client: httpx.Client, problem: Check) -> None:
    assert "error" not in problem(client.get("/models/horse"))


@pytest.mark.parametrize(
    ("model", "tensor", "detail"),
    [
        ("catdog", encoded(RED, b"no picture"), "Input 'encoded', element 1: "),
        ("catdog", encoded(RED[:200]), "Input 'encoded', element 0: The JPEG picture is damaged or cut short"),
        ("digit", encoded(bomb_png()), "Input 'encoded', element 0: The PNG picture has too many pixels"),
        ("digit", encoded(b""), "Input 'encoded', element 0: The file is empty."),
        ("topic", texts("oil", " \n"), "Input 'inputs', element 1: The text is blank."),
        ("topic", texts("o" * 100_001), "The text has more than 100,000 characters."),
        ("topic", texts(*["oil"] * 65), "a request takes 1 to 64 elements"),
    ],
)
def test_an_element_that_cannot_be_read_is_named_with_the_reason(
    client: httpx.Client, problem: Check, model: str, tensor: Json, detail: str
) -> None:
    response = infer(client, model, tensor)
    assert response.status_code == 400
    body = problem(response)
    assert body["type"] == "/problems/invalid-tensor"
    assert detail in str(body["error"])


def test_a_text_that_is_not_utf_8_is_a_client_error(client: httpx.Client, problem: Check) -> None:
    response = client.post("/v2/models/topic/infer", content=b"oil \xff", headers={HEADER: "0"})
    assert response.status_code == 400
    assert "element 0: The text is not UTF-8: byte 4" in str(problem(response)["error"])


def test_a_body_that_is_too_large_is_not_read(client: httpx.Client, problem: Check) -> None:
    response = client.post("/v2/models/catdog/infer", content=bytes(1_000_001), headers={HEADER: "0"})
    assert response.status_code == 413
    assert problem(response)["error"] == "The body is larger than 1,000,000 bytes."


@pytest.mark.parametrize("version", ["", "/versions/1"])
@pytest.mark.parametrize("bare", [False, True], ids=["by the server", "by the application"])
def test_a_full_queue_turns_requests_away_as_the_protocol_has_errors(
    tiny_models: Path, version: str, bare: bool
) -> None:
    settings = Settings(workers=1, max_queue=1)
    with blocked_service(tiny_models, settings, bare=bare) as blocked, ThreadPoolExecutor(2) as pool:

        def ask() -> httpx.Response:
            url = f"{blocked.address}/v2/models/catdog{version}/infer"
            return httpx.post(url, json={"inputs": [encoded(RED)]}, timeout=30)

        inside = [pool.submit(ask) for _ in range(2)]
        blocked.wait_for(2)
        refused = ask()
        blocked.engine.released.set()
        assert [asked.result().status_code for asked in inside] == [200, 200]
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    jsonschema.validate(refused.json(), published.ERROR)
    assert refused.json()["type"] == "/problems/overloaded"


@pytest.mark.parametrize(
    ("headers", "parameters"), [({"X-Deadline-Ms": "200"}, {}), ({}, {"timeout": 200_000})], ids=["header", "parameter"]
)
def test_past_its_deadline_a_request_is_answered_504(
    tiny_models: Path, headers: dict[str, str], parameters: Json
) -> None:
    with blocked_service(tiny_models, Settings(workers=1)) as blocked:
        body = {"inputs": [encoded(RED)], "parameters": parameters}
        late = httpx.post(f"{blocked.address}/v2/models/catdog/infer", json=body, headers=headers, timeout=30)
    assert late.status_code == 504
    assert "within 200 ms" in late.json()["error"]


def test_a_service_without_a_model_is_live_and_not_ready(models_copy: Path, problem: Check) -> None:
    (models_copy / "digit" / "1" / "saved_model.pb").unlink()
    with serving(create_app(Settings(models_dir=models_copy))) as at, httpx.Client(base_url=at) as client:
        assert client.get("/v2/health/live").status_code == 200
        for path in ("health/ready", "models/digit", "models/digit/ready", "models/digit/config"):
            response = client.get(f"/v2/{path}")
            assert response.status_code == 503
            assert "digit" in str(problem(response)["error"])
        assert client.get("/v2/models/topic/ready").status_code == 200
