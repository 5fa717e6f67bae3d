from collections.abc import Callable

import httpx

from helpers.pictures import jpeg, png
from helpers.tiny_models import pneumonia_probability, topic_of

RED, BLUE = png("RGB", (9, 9), (255, 0, 0)), png("RGB", (9, 9), (0, 0, 255))
CUT = jpeg((90, 90), (9, 9, 9))[:500]


def upload(*contents: bytes, field: str = "files") -> list[tuple[str, tuple[str, bytes]]]:
    return [(field, (f"{number}.png", content)) for number, content in enumerate(contents)]


def test_files_are_answered_in_order(client: httpx.Client) -> None:
    response = client.post("/predict/catdog/batch", files=upload(RED, BLUE, BLUE, RED))
    assert response.status_code == 200
    assert [entry["label"] for entry in response.json()] == ["cat", "dog", "dog", "cat"]


def test_a_bad_file_is_an_error_at_its_place_and_fails_no_other(client: httpx.Client) -> None:
    response = client.post("/predict/catdog/batch", files=upload(RED, b"not a picture", b"", CUT, BLUE))
    assert response.status_code == 200
    entries = response.json()
    assert [entry.get("label") for entry in entries] == ["cat", None, None, None, "dog"]
    assert [entry.get("status") for entry in entries] == [None, 415, 400, 422, None]
    for entry in entries[1:4]:
        assert set(entry) == {"type", "title", "status", "detail", "request_id"}
        assert entry["request_id"] == response.headers["x-request-id"]


def test_a_batch_of_bad_files_alone_is_still_a_list(client: httpx.Client) -> None:
    response = client.post("/predict/digit/batch", files=upload(b"x", b"y"))
    assert response.status_code == 200
    assert [entry["status"] for entry in response.json()] == [415, 415]


def test_more_files_than_the_engine_takes_at_once_keep_their_order(client: httpx.Client) -> None:
    greys = list(range(0, 256, 4))
    files = upload(*(png("L", (8, 8), grey) for grey in greys))
    entries = client.post("/predict/pneumonia/batch", files=files).json()
    for grey, entry in zip(greys, entries, strict=True):
        assert abs(entry["probabilities"]["PNEUMONIA"] - pneumonia_probability(grey)) < 1e-3


def test_texts_as_json_are_answered_in_order(client: httpx.Client) -> None:
    texts = ["oil", "wheat prices", "   ", "lead"]
    entries = client.post("/predict/topic/batch", json={"texts": texts}).json()
    assert [entry.get("label") for entry in entries] == [
        topic_of("oil"),
        topic_of("wheat prices"),
        None,
        topic_of("lead"),
    ]
    assert entries[2]["status"] == 400


def test_texts_as_files_are_answered_in_order(client: httpx.Client) -> None:
    entries = client.post("/predict/topic/batch", files=upload(b"oil", "wée".encode(), b"\xff\xfe\xff")).json()
    assert [entry.get("label") for entry in entries] == [topic_of("oil"), topic_of("wée"), None]
    assert entries[2]["status"] == 415


def test_options_hold_for_every_entry(client: httpx.Client) -> None:
    entries = client.post("/predict/topic/batch?top=2", json={"texts": ["a", "bb"]}).json()
    assert [len(entry["probabilities"]) for entry in entries] == [2, 2]
    files = upload(png("L", (8, 8), 100), png("L", (8, 8), 50))
    entries = client.post("/predict/pneumonia/batch?threshold=0.3", files=files).json()
    assert [(entry["positive"], entry["threshold"]) for entry in entries] == [(True, 0.3), (False, 0.3)]


def test_a_file_field_left_empty_in_a_browser_is_no_input(client: httpx.Client) -> None:
    boundary = "x"
    part = '--x\r\nContent-Disposition: form-data; name="files"; filename=""\r\n\r\n\r\n--x--\r\n'
    response = client.post(
        "/predict/catdog/batch",
        content=part,
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    assert response.status_code == 400


def test_an_empty_batch_is_malformed(
    client: httpx.Client, problem: Callable[[httpx.Response], dict[str, object]]
) -> None:
    response = client.post("/predict/topic/batch", json={"texts": []})
    assert problem(response)["type"] == "/problems/malformed-request"
    assert response.status_code == 400


def test_a_batch_larger_than_the_limit_is_refused(
    client: httpx.Client, problem: Callable[[httpx.Response], dict[str, object]]
) -> None:
    response = client.post("/predict/topic/batch", json={"texts": ["oil"] * 65})
    assert response.status_code == 413
    assert problem(response)["detail"] == "A batch takes at most 64 inputs; this one has 65."


def test_a_batch_sent_as_one_picture_is_told_what_to_send(
    client: httpx.Client, problem: Callable[[httpx.Response], dict[str, object]]
) -> None:
    response = client.post("/predict/catdog/batch", content=RED, headers={"Content-Type": "image/png"})
    assert response.status_code == 415
    assert "multipart/form-data" in str(problem(response)["detail"])
