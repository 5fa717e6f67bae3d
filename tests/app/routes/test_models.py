from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from app.serving.artifact import sha256_of
from app.tasks import TASKS
from helpers.tiny_models import CARD

Check = Callable[[httpx.Response], dict[str, object]]


def test_all_tasks_are_listed_with_their_versions(client: httpx.Client) -> None:
    tasks = client.get("/models").json()
    assert [task["task"] for task in tasks] == [task.name for task in TASKS]
    for task in tasks:
        assert (task["state"], task["version"]) == ("available", 1)
        assert task["engine"] == ("tensorflow" if task["task"] == "topic" else "openvino")
        assert task["engine_reason"]
        assert [version["state"] for version in task["versions"]] == ["available"]


def test_a_task_shows_its_manifest_with_metrics_and_identity(client: httpx.Client, tiny_models: Path) -> None:
    [version] = client.get("/models/pneumonia").json()["versions"]
    assert version["sha256"] == sha256_of(tiny_models / "pneumonia" / "1" / "manifest.json")
    manifest = version["manifest"]
    assert manifest["labels"] == ["NORMAL", "PNEUMONIA"]
    assert manifest["operating_point"]["threshold"] == 0.5
    assert manifest["metrics"][0]["values"]["accuracy"] == {"value": 0.9, "low": 0.8, "high": 0.95}


def test_the_card_is_markdown(client: httpx.Client) -> None:
    response = client.get("/models/digit/card")
    assert response.headers["content-type"] == "text/markdown; charset=utf-8"
    assert response.text == CARD


def test_a_plot_that_the_card_refers_to_is_found_beside_it(client: httpx.Client) -> None:
    response = client.get("/models/digit/plots/roc.png")
    assert response.headers["content-type"] == "image/png"
    assert response.content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "path",
    [
        "/models/horse",
        "/models/horse/card",
        "/models/digit/plots/none.png",
        "/models/digit/plots/..%2fsaved_model.pb",
        "/models/digit/plots/%2e%2e/saved_model.pb",
        "/models/..%2f..%2fetc/card",
    ],
)
def test_nothing_else_is_shown(client: httpx.Client, problem: Check, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert problem(response)["type"] == "/problems/not-found"


def test_an_unknown_task_is_told_the_tasks_there_are(client: httpx.Client, problem: Check) -> None:
    detail = problem(client.get("/models/horse"))["detail"]
    assert detail == f"There is no task 'horse'. The tasks are {', '.join(task.name for task in TASKS)}."
