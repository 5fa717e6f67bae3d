import json
from pathlib import Path

import httpx
import pytest

from app.serving.artifact import sha256_of
from helpers.pictures import digit_png, jpeg, noise_png, png
from helpers.tiny_models import cat_probability, pneumonia_probability, topic_of

TEXT = "Oil prices rose — œil"
COMMON = {
    "task",
    "label",
    "probability",
    "probabilities",
    "in_distribution",
    "ood_score",
    "model",
    "request_id",
}


def test_an_upload_is_answered_with_exactly_the_documented_fields(client: httpx.Client, tiny_models: Path) -> None:
    response = client.post("/predict/catdog", files={"file": jpeg((40, 30), (200, 60, 0))})
    assert response.status_code == 200
    answer = response.json()
    assert set(answer) == COMMON
    assert answer["task"] == "catdog"
    assert answer["label"] == "cat"
    assert answer["probability"] == pytest.approx(cat_probability(200, 0), abs=0.01)
    assert answer["probabilities"] == {
        "cat": answer["probability"],
        "dog": pytest.approx(1 - answer["probability"], abs=1e-6),
    }
    manifest = tiny_models / "catdog" / "1" / "manifest.json"
    assert answer["model"] == {"version": 1, "sha256": sha256_of(manifest)}
    assert answer["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    "content_type",
    ["image/png", "application/octet-stream", "application/x-www-form-urlencoded", "text/plain", "nonsense", None],
)
def test_a_raw_body_is_read_by_its_content_whatever_its_type_says(
    client: httpx.Client, content_type: str | None
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    response = client.post("/predict/catdog", content=png("RGB", (9, 9), (0, 0, 255)), headers=headers)
    assert response.json()["label"] == "dog"


def test_a_file_under_another_field_name_is_read_too(client: httpx.Client) -> None:
    response = client.post("/predict/catdog", files={"image": png("RGB", (9, 9), (255, 0, 0))})
    assert response.json()["label"] == "cat"


def test_a_file_with_a_misleading_name_and_type_is_read_by_its_content(client: httpx.Client) -> None:
    upload = ("notes.txt", png("RGB", (9, 9), (255, 0, 0)), "text/plain")
    assert client.post("/predict/catdog", files={"file": upload}).json()["label"] == "cat"


def test_a_digit_is_answered_with_ten_probabilities_that_sum_to_one(client: httpx.Client) -> None:
    answer = client.post("/predict/digit", files={"file": digit_png()}).json()
    assert set(answer) == COMMON
    assert list(answer["probabilities"]) == list("0123456789")
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert answer["label"] == max(answer["probabilities"], key=answer["probabilities"].__getitem__)


@pytest.mark.parametrize(("grey", "label"), [(200, "PNEUMONIA"), (50, "NORMAL")])
def test_an_x_ray_is_decided_at_the_models_threshold(client: httpx.Client, grey: int, label: str) -> None:
    answer = client.post("/predict/pneumonia", content=png("L", (32, 32), grey)).json()
    assert set(answer) == COMMON | {"positive", "threshold"}
    assert answer["label"] == label
    assert answer["positive"] is (label == "PNEUMONIA")
    assert answer["threshold"] == 0.5
    assert answer["probabilities"]["PNEUMONIA"] == pytest.approx(pneumonia_probability(grey), abs=1e-3)
    assert answer["probability"] == answer["probabilities"][label]


def test_the_threshold_asked_for_decides_and_is_the_one_answered(client: httpx.Client) -> None:
    picture = png("L", (32, 32), 100)
    answer = client.post("/predict/pneumonia", params={"threshold": 0.3}, content=picture).json()
    assert (answer["label"], answer["positive"], answer["threshold"]) == ("PNEUMONIA", True, 0.3)
    assert answer["probability"] == pytest.approx(pneumonia_probability(100), abs=1e-3)


def test_noise_is_answered_but_marked_as_out_of_distribution(client: httpx.Client) -> None:
    answer = client.post("/predict/catdog", content=noise_png(16)).json()
    assert answer["in_distribution"] is False
    assert answer["ood_score"] > 2


BODIES = {
    "json": {"json": {"text": TEXT}},
    "vendor json": {
        "content": json.dumps({"text": TEXT}),
        "headers": {"Content-Type": "application/vnd.news+json"},
    },
    "json that curl calls a form": {
        "content": json.dumps({"text": TEXT}),
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
    },
    "plain": {"content": TEXT.encode(), "headers": {"Content-Type": "text/plain; charset=utf-8"}},
    "untyped": {"content": TEXT.encode()},
    "raw that curl calls a form": {
        "content": TEXT.encode(),
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
    },
    "form": {"data": {"text": TEXT}},
    "uploaded file": {"files": {"file": ("news.txt", TEXT.encode())}},
    "multipart field": {"files": {"text": (None, TEXT.encode())}},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_text_is_understood_in_every_form_it_is_sent(client: httpx.Client, body: dict[str, object]) -> None:
    response = client.post("/predict/topic", **body)
    assert response.status_code == 200, response.text
    assert response.json()["label"] == topic_of(TEXT)


def test_a_plain_text_that_begins_with_a_brace_is_a_text(client: httpx.Client) -> None:
    text = "{Reuters} Oil"
    response = client.post("/predict/topic", content=text, headers={"Content-Type": "text/plain"})
    assert response.json()["label"] == topic_of(text)


@pytest.mark.parametrize(("query", "shown"), [({}, 5), ({"top": 1}, 1), ({"top": 46}, 46)])
def test_a_topic_lists_the_likeliest_labels_first(client: httpx.Client, query: dict[str, int], shown: int) -> None:
    answer = client.post("/predict/topic", params=query, json={"text": TEXT}).json()
    assert set(answer) == COMMON
    values = list(answer["probabilities"].values())
    assert len(values) == shown
    assert values == sorted(values, reverse=True)
    assert next(iter(answer["probabilities"])) == answer["label"]


def test_a_clients_request_id_is_kept(client: httpx.Client) -> None:
    response = client.post("/predict/topic", json={"text": TEXT}, headers={"X-Request-ID": "trace-42"})
    assert response.json()["request_id"] == response.headers["x-request-id"] == "trace-42"
