"""A model that must not be served does not stop the others, and the service says which and why."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from app.main import create_app
from app.serving.golden import load_golden, save_golden
from app.settings import Settings
from app.tasks import TASKS
from helpers.pictures import png
from helpers.servers import serving
from helpers.tiny_models import write_manifest

Check = Callable[[httpx.Response], dict[str, object]]

REASONS = {
    "topic": "version 1: saved_model.pb: its sha256 is not the one in the manifest",
    "digit": "version 1: golden.npz: a probability differs by",
    "catdog": "version 1: assets/planted.txt: is not listed in the manifest",
}


def damage(models: Path) -> None:
    """Tamper with one model, give another wrong golden answers, plant a file in a third, misnumber a newer one."""
    with (models / "topic" / "1" / "saved_model.pb").open("ab") as graph:
        graph.write(b"\0")
    golden_file = models / "digit" / "1" / "golden.npz"
    golden = load_golden(golden_file)
    golden.probabilities[:] = np.roll(golden.probabilities, 1, axis=1)
    save_golden(golden_file, golden)
    write_manifest(models / "digit" / "1")
    (models / "catdog" / "1" / "assets" / "planted.txt").write_text("x")
    shutil.copytree(models / "pneumonia" / "1", models / "pneumonia" / "2")


@pytest.fixture(scope="module")
def damaged(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    models = tmp_path_factory.mktemp("damaged") / "models"
    shutil.copytree(tiny_models, models)
    damage(models)
    with serving(create_app(Settings(models_dir=models))) as at, httpx.Client(base_url=at) as session:
        yield session


def test_readiness_says_which_tasks_have_no_model_and_why(damaged: httpx.Client, problem: Check) -> None:
    response = damaged.get("/health/ready")
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    body = problem(response)
    assert body["detail"] == "No model is available for topic, digit, catdog."
    tasks = body["tasks"]
    assert isinstance(tasks, dict)
    for task, reason in REASONS.items():
        assert tasks[task]["state"] == "unavailable"
        assert tasks[task]["reason"].startswith(reason)
    assert tasks["pneumonia"] == {"state": "available", "version": 1, "reason": None}


def test_the_process_is_alive_all_the_same(damaged: httpx.Client) -> None:
    assert damaged.get("/health/live").status_code == 200


@pytest.mark.parametrize("task", REASONS)
@pytest.mark.parametrize("path", ["/predict/{}", "/predict/{}/batch"])
def test_a_task_without_a_model_answers_503_with_the_reason(
    damaged: httpx.Client, problem: Check, task: str, path: str
) -> None:
    response = damaged.post(path.format(task), content=b"anything")
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    body = problem(response)
    assert body["type"] == "/problems/model-unavailable"
    assert REASONS[task] in str(body["detail"])


def test_the_older_version_serves_where_the_newer_one_is_refused(damaged: httpx.Client) -> None:
    answer = damaged.post("/predict/pneumonia", content=png("L", (9, 9), 250)).json()
    assert answer["label"] == "PNEUMONIA"
    assert answer["model"]["version"] == 1
    versions = damaged.get("/models/pneumonia").json()["versions"]
    assert [(version["version"], version["state"]) for version in versions] == [(2, "refused"), (1, "available")]
    assert versions[0]["reason"] == "manifest.json: its version is 1 but it lies in the folder '2'"


def test_the_card_of_a_refused_model_is_not_shown(damaged: httpx.Client, problem: Check) -> None:
    assert problem(damaged.get("/models/topic/card"))["type"] == "/problems/model-unavailable"


def test_without_any_model_the_service_starts_and_says_so(tmp_path: Path, problem: Check) -> None:
    with serving(create_app(Settings(models_dir=tmp_path / "nowhere"))) as at:
        body = problem(httpx.get(f"{at}/health/ready"))
    assert body["detail"] == f"No model is available for {', '.join(task.name for task in TASKS)}."
    assert str(tmp_path) not in str(body)
