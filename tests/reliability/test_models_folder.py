"""A models folder that is not there, cannot be read, or goes away: the service lives, and says what it lacks."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from app.tasks import TASKS
from helpers.pictures import digit_png, png
from helpers.service_process import MODELS, ServiceProcess, running_service

PICTURE = png("RGB", (30, 30), (220, 30, 30))
INPUTS = {"topic": b"Oil prices rose.", "digit": digit_png(), "catdog": PICTURE, "pneumonia": PICTURE}


def says_what_it_lacks(service: ServiceProcess) -> None:
    """Check that the process is live, that no task is ready, and that each answer says why."""
    reason = "of the models folder"
    with httpx.Client(base_url=service.address, timeout=30) as client:
        assert client.get("/health/live").status_code == 200
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json()["type"]) == (503, "/problems/not-ready")
        assert {task["state"] for task in ready.json()["tasks"].values()} == {"unavailable"}
        for listed in client.get("/models").json():
            assert reason in listed["reason"]
        for task, content in INPUTS.items():
            refused = client.post(f"/predict/{task}", content=content)
            assert (refused.status_code, refused.json()["type"]) == (503, "/problems/model-unavailable")
            assert reason in refused.json()["detail"]
    assert "Traceback" not in service.log


def nothing(folder: Path) -> Path:
    return folder / "models"


def a_file(folder: Path) -> Path:
    models = folder / "models"
    models.write_text("not a folder")
    return models


def unreadable(folder: Path) -> Path:
    """A name longer than any file system has: also root, who may read all, gets an error."""
    return folder / ("m" * 300)


@pytest.mark.parametrize("models_in", [nothing, a_file, unreadable])
def test_without_a_models_folder_to_read_the_service_starts_and_says_so(
    tmp_path: Path, models_in: Callable[[Path], Path]
) -> None:
    with running_service(models_in(tmp_path), tmp_path) as service:
        says_what_it_lacks(service)


def test_when_the_models_folder_goes_away_what_was_loaded_goes_on_answering(tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.symlink_to(MODELS)
    with running_service(models, tmp_path) as service, httpx.Client(base_url=service.address, timeout=30) as client:
        assert client.post("/explain/pneumonia", content=PICTURE).status_code == 200
        models.rename(tmp_path / "away")
        assert client.get("/health/ready").status_code == 200
        for task in TASKS:
            assert client.post(f"/predict/{task.name}", content=INPUTS[task.name]).status_code == 200
            assert client.get(f"/models/{task.name}").json()["state"] == "available"
            card = client.get(f"/models/{task.name}/card")
            assert card.status_code in {404, 503}
            assert card.headers["content-type"] == "application/problem+json"
        assert client.post("/explain/pneumonia", content=PICTURE).status_code == 200
        unprepared = client.post("/explain/catdog", content=PICTURE)
        assert (unprepared.status_code, unprepared.json()["type"]) == (503, "/problems/files-unavailable")
        assert str(tmp_path) not in unprepared.text
        (tmp_path / "away").rename(models)
        assert client.post("/explain/catdog", content=PICTURE).status_code == 200
