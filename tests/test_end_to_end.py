"""The whole way: the command trains a model on drawn data and releases it, the service loads it, a client asks it."""

import io
import json
import subprocess
import sys

import httpx
import numpy as np
import pytest
from PIL import Image

from app.cli import main
from app.main import create_app
from app.serving.artifact import open_artifact
from app.settings import Settings
from helpers.drawn_data import draw_chest_xrays, draw_digits, write_news
from helpers.servers import serving


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """Models for three tasks, each made by the command from drawn data."""
    root = tmp_path_factory.mktemp("released")
    jobs = {
        "topic": (write_news(root), "linear", None),
        "digit": (draw_digits(root), "reference", 25),
        "pneumonia": (draw_chest_xrays(root), "reference-v3", 6),
    }
    for task, (data, recipe, epochs) in jobs.items():
        words = ["train", task, "--recipe", recipe, "--data", str(data), "--out", str(root / "models")]
        words += ["--run", str(root / "runs" / task), "--quiet", "--validation-fraction", "0.25"]
        assert main([*words, *(["--epochs", str(epochs)] if epochs else [])]) == 0
    return root


@pytest.fixture(scope="module")
def address(released):
    with serving(create_app(Settings(models_dir=released / "models"))) as address:
        yield address


def test_a_text_gets_its_topic(address):
    text = "GOLD ORE FOUND\nThe mine said its deposit of gold ore has a grade of two ounces, the company said."
    answer = httpx.post(f"{address}/predict/topic", json={"text": text}).json()
    assert answer["label"] == "gold"
    assert answer["task"] == "topic"


def test_most_drawn_digits_are_read(address, released):
    arrays = np.load(released / "mnist.npz")
    right = 0
    for pixels, label in zip(arrays["x_train"][:30], arrays["y_train"][:30], strict=True):
        buffer = io.BytesIO()
        Image.fromarray(255 - pixels).resize((112, 112)).save(buffer, "PNG")
        answer = httpx.post(f"{address}/predict/digit", content=buffer.getvalue()).json()
        right += answer["label"] == str(label)
    assert right >= 25


def test_an_x_ray_gets_an_answer_by_the_released_threshold(address, released):
    picture = next((released / "chest_xray" / "train" / "PNEUMONIA").iterdir())
    answer = httpx.post(f"{address}/predict/pneumonia", files={"file": picture.read_bytes()}).json()
    assert set(answer["probabilities"]) == {"NORMAL", "PNEUMONIA"}
    artifact = open_artifact(released / "models" / "pneumonia" / "1")
    assert answer["model"] == {"version": 1, "sha256": artifact.sha256}


def test_the_service_says_which_task_has_no_model(address):
    ready = httpx.get(f"{address}/health/ready")
    assert ready.status_code == 503
    assert "catdog" in ready.text
    assert httpx.post(f"{address}/predict/catdog", content=b"x").status_code == 503


def test_the_released_folder_tells_how_it_was_made(released):
    folder = released / "models" / "pneumonia" / "1"
    manifest = open_artifact(folder).manifest
    assert manifest.recipe == "pneumonia/reference-v3"
    assert "--epochs 6" in manifest.command
    assert str(released) not in manifest.command
    assert "patient" in manifest.dataset.grouped_by
    assert {"accuracy", "auc", "ece", "recall/PNEUMONIA"} <= set(manifest.metrics[0].values)
    card = (folder / "MODEL_CARD.md").read_text()
    assert "medical device" in card
    for plot in (
        "plots/confusion.png",
        "plots/roc.png",
        "plots/reliability.png",
        "plots/history-network.png",
    ):
        assert plot in card
        Image.open(folder / plot).verify()


def test_the_operating_point_keeps_its_promise_with_rounded_numbers(released):
    manifest = open_artifact(released / "models" / "pneumonia" / "1").manifest
    point, figures = manifest.operating_point, manifest.metrics[0].values
    assert figures["recall/PNEUMONIA"].value == point.sensitivity.value
    assert figures["recall/NORMAL"].value == point.specificity.value
    assert point.threshold == round(point.threshold, 6)
    assert manifest.ood.threshold == round(manifest.ood.threshold, 6)


def test_no_training_picture_is_in_a_model_folder(released):
    Image.open(released / "runs" / "pneumonia" / "worst-errors.png").verify()
    assert not list((released / "models").rglob("*worst*"))


def test_the_command_evaluates_what_it_released(released, capsys):
    words = [
        "evaluate",
        "topic",
        "--data",
        str(released / "news.jsonl.gz"),
        "--models",
        str(released / "models"),
    ]
    assert main([*words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["figures"]["accuracy"]["value"] > 0.9


def test_a_second_release_takes_the_next_version_and_leaves_the_first(released):
    before = open_artifact(released / "models" / "topic" / "1").sha256
    words = [
        "train",
        "topic",
        "--data",
        str(released / "news.jsonl.gz"),
        "--out",
        str(released / "models"),
        "--quiet",
    ]
    assert main([*words, "--run", str(released / "again"), "--validation-fraction", "0.25"]) == 0
    assert open_artifact(released / "models" / "topic" / "2").manifest.version == 2
    assert open_artifact(released / "models" / "topic" / "1").sha256 == before
    assert not list((released / "models" / "topic").glob(".partial-*"))


def test_a_killed_training_goes_on_with_resume(released, tmp_path):
    words = [sys.executable, "-m", "app.cli", "train", "digit", "--recipe", "reference", "--epochs", "400"]
    words += ["--data", str(released / "mnist.npz"), "--run", str(tmp_path / "run"), "--quiet"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    state = tmp_path / "run" / "network" / "state.json"
    try:
        _wait_for(state, process)
    finally:
        process.kill()
        process.wait()
    done = json.loads(state.read_text())
    assert done["epoch"] < 400

    config = tmp_path / "run" / "config.json"
    settings = json.loads(config.read_text()) | {"epochs": done["epoch"] + 1}
    config.write_text(json.dumps(settings))
    resumed = [
        "train",
        "digit",
        "--recipe",
        "reference",
        "--epochs",
        str(done["epoch"] + 1),
        "--resume",
        "--quiet",
    ]
    assert main([*resumed, "--data", str(released / "mnist.npz"), "--run", str(tmp_path / "run")]) == 0
    history = json.loads(state.read_text())["history"]["loss"]
    assert history[: done["epoch"]] == done["history"]["loss"]
    assert len(history) == done["epoch"] + 1


def _wait_for(path, process):
    for _ in range(1200):
        if path.exists():
            return
        assert process.poll() is None, "training ended before its first checkpoint"
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError("no checkpoint was written")
