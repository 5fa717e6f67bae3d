"""The committed models, served as in a fresh clone, on real pictures that a dependency ships and on drawn digits."""

import io
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from skimage import data

from app.inputs.limits import InputLimits
from app.main import create_app
from app.serving.artifact import open_artifact
from app.serving.engines import EnginePolicy, load_fastest
from app.serving.versions import versions_in
from app.settings import Settings
from app.tasks import TASKS
from helpers.handwriting import MNIST, enlarged, font_digit, on_paper, photographed
from helpers.pictures import digit_png
from helpers.servers import serving

MODELS = Path(__file__).parents[1] / "models"
MIB = 2**20


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def client():
    with (
        serving(create_app(Settings(models_dir=MODELS))) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        yield client


def ask(client, task, content, **query):
    response = client.post(f"/predict/{task}", content=content, params=query)
    assert response.status_code == 200, response.text
    return response.json()


def test_every_task_is_ready(client):
    assert client.get("/health/ready").status_code == 200


def test_a_photo_of_a_cat_is_a_cat(client):
    answer = ask(client, "catdog", png(data.chelsea()))
    assert (answer["label"], answer["in_distribution"]) == ("cat", True)
    assert answer["probability"] > 0.9


@pytest.mark.parametrize("picture", [data.chelsea, data.coffee, data.page, data.astronaut, data.rocket])
def test_a_picture_that_is_no_x_ray_is_not_taken_for_one(client, picture):
    assert ask(client, "pneumonia", png(picture()))["in_distribution"] is False


def test_the_threshold_moves_the_decision_and_not_the_probability(client):
    picture = png(data.camera())
    low, high = ask(client, "pneumonia", picture, threshold=0), ask(client, "pneumonia", picture, threshold=1)
    assert (low["positive"], low["label"]) == (True, "PNEUMONIA")
    assert (high["positive"], high["label"]) == (False, "NORMAL")
    assert low["probabilities"] == high["probabilities"]


def test_an_upright_stroke_is_a_one(client):
    assert ask(client, "digit", digit_png())["label"] == "1"


# The font's 1, with its long flag, is a handwritten 7 to any reader.
@pytest.mark.parametrize("digit", [0, 2, 3, 4, 5, 6, 7, 8, 9])
def test_a_digit_drawn_dark_on_light_with_wide_margins_is_read(client, digit):
    page = photographed(on_paper(font_digit(digit, 90), place=(0.3, 0.6)), noise=3)
    answer = ask(client, "digit", png(page))
    assert answer["label"] == str(digit)


def test_digits_redrawn_on_a_page_are_read_as_well_as_the_originals(client):
    """On held-out digits: dark on light, 400 x 300, wide margins."""
    if not MNIST.exists():
        pytest.skip("MNIST's training set is not beside the checkout")
    from training.datasets.catalogue import find_source
    from training.datasets.splitting import split_groups

    manifest = open_artifact(MODELS / "digit" / max(path.name for path in (MODELS / "digit").iterdir())).manifest
    _, held_out = split_groups(find_source("digit", MNIST), manifest.dataset.validation_fraction, manifest.seed)
    examples = held_out[:640]
    originals = [png(example.payload) for example in examples]
    redrawn = [png(photographed(on_paper(enlarged(example.payload, 140)))) for example in examples]
    truth = [example.label for example in examples]
    shares = [
        np.mean([a == b for a, b in zip(read(client, kind), truth, strict=True)]) for kind in (originals, redrawn)
    ]
    assert shares[0] > 0.985
    assert shares[1] >= shares[0] - 0.02


def read(client, pictures):
    labels = []
    for start in range(0, len(pictures), 64):
        files = [("files", picture) for picture in pictures[start : start + 64]]
        labels += [answer["label"] for answer in client.post("/predict/digit/batch", files=files).json()]
    return labels


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("OPEC MINISTERS AGREE OUTPUT CUT\nCrude oil prices rose after OPEC ministers agreed to cut output.", "crude"),
        ("ACME CORP 3RD QTR NET\nShr 31 cts vs 22 cts\nNet 3,120,000 vs 2,210,000\nRevs 41.2 mln vs 38.0 mln", "earn"),
        ("FIRM TO BUY RIVAL\nThe company said it agreed to acquire all the shares of its rival for cash.", "acq"),
        ("COFFEE EXPORT QUOTAS\nProducers of coffee met to discuss export quotas and bags shipped.", "coffee"),
    ],
)
def test_a_news_text_gets_its_topic(client, text, topic):
    answer = ask(client, "topic", text.encode())
    assert (answer["label"], answer["in_distribution"]) == (topic, True)


@pytest.mark.parametrize(
    "text", ["Zwei graue Katzen schlafen auf dem warmen Dach neben der alten Kirche.", "qwx zzkp vvlor mmqt plonk xxyz"]
)
def test_a_text_in_another_language_or_in_none_is_not_taken_for_news(client, text):
    assert ask(client, "topic", text.encode())["in_distribution"] is False


@pytest.mark.parametrize("task", [task.name for task in TASKS])
def test_a_model_folder_is_small_enough_for_git_and_has_a_card(client, task):
    files = [path for path in (MODELS / task).rglob("*") if path.is_file()]
    assert max(path.stat().st_size for path in files) <= 16 * MIB
    card = client.get(f"/models/{task}/card")
    assert card.headers["content-type"].startswith("text/markdown")
    assert "## Intended use" in card.text


def test_all_models_together_stay_small():
    assert sum(path.stat().st_size for path in MODELS.rglob("*") if path.is_file()) <= 48 * MIB


@pytest.mark.parametrize(("task", "size"), [("catdog", (451, 300)), ("pneumonia", (451, 300))])
def test_an_answer_about_a_picture_is_explained_as_a_picture(client, task, size):
    response = client.post(f"/explain/{task}", content=png(data.chelsea()))
    assert response.headers["content-type"] == "image/png"
    drawn = Image.open(io.BytesIO(response.content))
    assert drawn.width > size[0]
    assert drawn.height > size[1]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_no_committed_model_needs_tensorflow(task):
    folder = MODELS / task.name / str(versions_in(MODELS / task.name)[0])
    model = load_fastest(folder, EnginePolicy(), InputLimits())
    assert model.engine.name == ("numpy" if task.kind == "text" else "openvino"), model.engine_reason
