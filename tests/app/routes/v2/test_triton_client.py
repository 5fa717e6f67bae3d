"""Triton's own client, as it is published, against the service."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import jsonschema
import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from app.main import create_app
from app.settings import Settings
from helpers.inference_protocol import INDEX
from helpers.pictures import digit_png, jpeg
from helpers.servers import serving
from helpers.tiny_models import LABELS, topic_of
from helpers.versions import add_version, damage

MODELS = Path(__file__).parents[4] / "models"
RED, BLUE = jpeg((60, 60), (220, 30, 30)), jpeg((60, 60), (30, 30, 220))
KEY = "the admin key"
ADMIN = {"X-API-Key": KEY}


def client_of(address: str, **options: object) -> triton.InferenceServerClient:
    return triton.InferenceServerClient(address.removeprefix("http://"), **options)


@pytest.fixture
def peer(address: str) -> Iterator[triton.InferenceServerClient]:
    with client_of(address) as client:
        yield client


def strings(name: str, *elements: bytes | str, binary: bool = True) -> triton.InferInput:
    tensor = triton.InferInput(name, [len(elements)], "BYTES")
    return tensor.set_data_from_numpy(np.array(elements, object), binary_data=binary)


def pictures(pixels: np.ndarray, *, binary: bool = True) -> triton.InferInput:
    return triton.InferInput("inputs", pixels.shape, "UINT8").set_data_from_numpy(pixels, binary_data=binary)


def test_health_and_metadata(peer: triton.InferenceServerClient) -> None:
    assert peer.is_server_live()
    assert peer.is_server_ready()
    assert peer.is_model_ready("digit")
    assert peer.is_model_ready("digit", "1")
    assert not peer.is_model_ready("digit", "2")
    assert not peer.is_model_ready("horse")
    assert peer.get_server_metadata()["name"] == "quartet"
    metadata = peer.get_model_metadata("digit", "1")
    assert [tensor["name"] for tensor in metadata["inputs"]] == ["inputs", "encoded"]
    assert peer.get_model_config("digit")["max_batch_size"] == 64


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False])
def test_pixels_in_both_encodings(peer: triton.InferenceServerClient, binary_in: bool, binary_out: bool) -> None:
    pixels = np.zeros((3, 16, 16, 3), np.uint8)
    pixels[0, ..., 0] = pixels[1, ..., 2] = 200
    names = ["probabilities", "ood_score", "label", "in_distribution"]
    wanted = [triton.InferRequestedOutput(name, binary_data=binary_out) for name in names]
    result = peer.infer("catdog", [pictures(pixels, binary=binary_in)], outputs=wanted, request_id="7")
    assert result.get_response()["id"] == "7"
    probabilities = result.as_numpy("probabilities")
    assert (probabilities.shape, probabilities.dtype) == ((3, 2), np.float32)
    assert probabilities.sum(1) == pytest.approx(1, abs=1e-5)
    assert (probabilities.argmax(1)[:2] == [0, 1]).all()
    labels = [text if isinstance(text, str) else text.decode() for text in result.as_numpy("label")]
    assert labels == [LABELS["catdog"][index] for index in probabilities.argmax(1)]
    assert result.as_numpy("ood_score").shape == (3,)
    assert result.as_numpy("in_distribution").dtype == bool


@pytest.mark.parametrize("encoding", [None, "gzip", "deflate"])
def test_picture_files_plain_and_compressed(peer: triton.InferenceServerClient, encoding: str | None) -> None:
    result = peer.infer(
        "catdog",
        [strings("encoded", RED, BLUE)],
        request_compression_algorithm=encoding,
        response_compression_algorithm=encoding,
    )
    assert list(result.as_numpy("label")) == [b"cat", b"dog"]


@pytest.mark.parametrize("binary", [True, False])
def test_texts_of_any_language(peer: triton.InferenceServerClient, binary: bool) -> None:
    texts = ["oil", "Erdölpreise \u2191", "\u539f\u6cb9"]
    result = peer.infer("topic", [strings("inputs", *texts, binary=binary)])
    assert [label.decode() for label in result.as_numpy("label")] == [topic_of(text) for text in texts]


def test_classes(peer: triton.InferenceServerClient) -> None:
    wanted = [triton.InferRequestedOutput("probabilities", class_count=1)]
    result = peer.infer("catdog", [strings("encoded", RED, BLUE)], outputs=wanted)
    assert [row[0].decode().split(":")[1:] for row in result.as_numpy("probabilities")] == [["0", "cat"], ["1", "dog"]]


def test_a_threshold_and_a_timeout(peer: triton.InferenceServerClient) -> None:
    def label(**options: object) -> bytes:
        return bytes(peer.infer("pneumonia", [strings("encoded", RED)], **options).as_numpy("label")[0])

    assert label(parameters={"threshold": 0.0}, timeout=20_000_000) == b"PNEUMONIA"
    assert label(parameters={"threshold": 1.0}) == b"NORMAL"


def test_requests_side_by_side(address: str) -> None:
    with client_of(address, concurrency=4) as client:
        tensors = [strings("encoded", *pair) for pair in ((RED, BLUE), (BLUE, RED)) * 4]
        asked = [client.async_infer("catdog", [tensor], model_version="1") for tensor in tensors]
        labels = [list(answer.get_result().as_numpy("label")) for answer in asked]
    assert labels == [[b"cat", b"dog"], [b"dog", b"cat"]] * 4


@pytest.mark.parametrize(
    ("model", "tensor", "status", "message"),
    [
        ("horse", strings("inputs", "oil"), "404", "There is no model 'horse'"),
        ("topic", strings("text", "oil"), "400", "There is no input 'text' of 'topic'; it takes 'inputs'"),
        ("digit", pictures(np.zeros((1, 27, 28, 1), np.uint8)), "400", "it must have [-1,28,28,1]"),
        ("catdog", strings("encoded", b"no picture"), "400", "Input 'encoded', element 0: "),
    ],
)
def test_an_error_is_told_as_the_client_tells_errors(
    peer: triton.InferenceServerClient, model: str, tensor: triton.InferInput, status: str, message: str
) -> None:
    with pytest.raises(InferenceServerException) as raised:
        peer.infer(model, [tensor])
    assert raised.value.status() == status
    assert message in raised.value.message()


@pytest.fixture
def administered(models_copy: Path) -> Iterator[str]:
    """The address of a service with versions 1, 2 and a damaged 3 of the digits, and an admin key."""
    add_version(models_copy, "digit", 2)
    damage(add_version(models_copy, "digit", 3))
    shutil.rmtree(models_copy / "topic" / "1")
    settings = Settings(models_dir=models_copy, admin_key_sha256=hashlib.sha256(KEY.encode()).hexdigest())
    with serving(create_app(settings)) as at:
        yield at


def states(client: triton.InferenceServerClient, model: str) -> list[tuple[str | None, str, str]]:
    index = client.get_model_repository_index()
    jsonschema.validate(index, INDEX)
    return [(entry.get("version"), entry["state"], entry["reason"]) for entry in index if entry["name"] == model]


def test_the_repository_lists_loads_and_unloads(administered: str) -> None:
    refusal = "saved_model.pb: its sha256 is not the one in the manifest"
    unloaded = "it was unloaded on request"
    with client_of(administered) as client:
        assert states(client, "digit") == [
            ("3", "UNAVAILABLE", refusal),
            ("2", "READY", ""),
            ("1", "UNAVAILABLE", "version 2 serves"),
        ]
        assert states(client, "topic") == [
            (None, "UNAVAILABLE", "the folder 'topic' of the models folder holds no version")
        ]
        client.unload_model("digit", headers=ADMIN)
        assert not client.is_model_ready("digit")
        assert states(client, "digit")[1:] == [("2", "UNAVAILABLE", unloaded), ("1", "UNAVAILABLE", unloaded)]
        with pytest.raises(InferenceServerException, match=unloaded):
            client.infer("digit", [strings("encoded", digit_png())])
        assert httpx.post(f"{administered}/predict/digit", content=digit_png()).status_code == 503
        assert httpx.get(f"{administered}/models/digit").json()["state"] == "unloaded"
        with pytest.raises(InferenceServerException, match=f"Version 3 .* is refused: {refusal}"):
            client.load_model("digit", headers=ADMIN)
        assert not client.is_model_ready("digit")
        client.load_model("digit", headers=ADMIN, query_params={"version": 1})
        assert states(client, "digit")[1:] == [("2", "UNAVAILABLE", "version 1 serves"), ("1", "READY", "")]
        assert client.infer("digit", [strings("encoded", digit_png())]).get_response()["model_version"] == "1"
        assert httpx.post(f"{administered}/predict/digit", content=digit_png()).json()["model"]["version"] == 1


def test_an_unloaded_model_is_not_missed_by_readiness(administered: str) -> None:
    with client_of(administered) as client:
        assert not client.is_server_ready()
        client.unload_model("topic", headers=ADMIN)
        assert client.is_server_ready()
    ready = httpx.get(f"{administered}/health/ready")
    assert ready.status_code == 200
    assert ready.json()["tasks"]["topic"]["state"] == "unloaded"


def test_only_versions_that_answer_are_listed_where_that_is_asked(administered: str) -> None:
    listed = httpx.post(f"{administered}/v2/repository/index", json={"ready": True}).json()
    assert [(entry["name"], entry["version"]) for entry in listed] == [
        ("digit", "2"),
        ("catdog", "1"),
        ("pneumonia", "1"),
    ]


@pytest.mark.parametrize("key", [None, "another key"])
def test_without_the_admin_key_nothing_is_loaded_nor_unloaded(administered: str, key: str | None) -> None:
    headers = {} if key is None else {"X-API-Key": key}
    with client_of(administered) as client:
        for call in (client.load_model, client.unload_model):
            with pytest.raises(InferenceServerException) as raised:
                call("digit", headers=headers)
            assert raised.value.status() == "401"
        assert client.is_model_ready("digit")
        assert client.get_model_repository_index()


@pytest.mark.parametrize(
    ("call", "body", "message"),
    [
        ("load", b'{"parameters": {"config": "{}"}}', "configuration and files cannot be sent"),
        ("load", b'{"parameters": {"file:1/model.onnx": "AAAA"}}', "configuration and files cannot be sent"),
        ("load", b'{"parameters": 7}', "parameters: Input should be an object"),
        ("unload", b"no JSON", "Invalid JSON"),
        ("unload", b'{"parameters": {"unload_dependents": "yes"}}', "unload_dependents"),
        ("load", b" " * 70_000, "more than 65,536 bytes"),
        ("load?version=0", b"", "query.version"),
        ("load?version=9", b"", "no version 9 of the model of 'digit'. It has: 3, 2, 1."),
    ],
)
def test_what_cannot_be_done_is_told_why(administered: str, call: str, body: bytes, message: str) -> None:
    response = httpx.post(f"{administered}/v2/repository/models/digit/{call}", content=body, headers=ADMIN)
    assert 400 <= response.status_code < 500
    assert message in response.json()["error"]


def test_an_unknown_model_is_neither_loaded_nor_unloaded(administered: str) -> None:
    with client_of(administered) as client:
        for call in (client.load_model, client.unload_model):
            with pytest.raises(InferenceServerException, match="There is no model 'horse'") as raised:
                call("horse", headers=ADMIN)
            assert raised.value.status() == "404"


def test_the_committed_digit_model_reads_a_drawn_digit(tmp_path: Path) -> None:
    (tmp_path / "digit").symlink_to(MODELS / "digit")
    with serving(create_app(Settings(models_dir=tmp_path))) as at, client_of(at) as client:
        result = client.infer("digit", [strings("encoded", digit_png())])
        assert list(result.as_numpy("label")) == [b"1"]
        predicted = httpx.post(f"{at}/predict/digit", content=digit_png()).json()
        assert result.as_numpy("probabilities")[0] == pytest.approx(list(predicted["probabilities"].values()))
