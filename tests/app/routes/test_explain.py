import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
import skimage.data
from PIL import Image

from app.main import create_app
from app.routes.explain import LONGEST_SIDE
from app.serving.artifact import open_artifact
from app.serving.engine import Batch, Outputs, Scheduling
from app.serving.model import LoadedModel
from app.serving.registry import Registry
from app.settings import Settings
from helpers.pictures import encoded, jpeg, noise_png, png
from helpers.servers import serving
from helpers.tiny_models import TOPICS, topic_of

JSON = {"Accept": "application/json"}
CAT = Image.fromarray(skimage.data.chelsea())
TEXT = "Crude-oil prices rose in the market"


def page_of(response: httpx.Response) -> Image.Image:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "image/png"
    page = Image.open(io.BytesIO(response.content))
    assert page.format == "PNG"
    return page


def red_minus_blue(page: Image.Image) -> float:
    """Over the middle of the page, where the picture is."""
    width, height = page.size
    middle = page.crop((width // 2 - 20, height // 2 - 20, width // 2 + 20, height // 2 + 20))
    red, _, blue = np.asarray(middle, float).mean((0, 1))
    return float(red - blue)


@pytest.mark.parametrize("task", ["catdog", "pneumonia"])
def test_a_picture_is_answered_with_a_picture_however_it_is_sent(client: httpx.Client, task: str) -> None:
    photo = encoded(CAT, "JPEG")
    uploaded = client.post(f"/explain/{task}", files={"file": ("cat.jpg", photo)})
    raw = client.post(f"/explain/{task}", content=photo, headers={"Content-Type": "image/jpeg"})
    page = page_of(uploaded)
    assert page_of(raw).tobytes() == page.tobytes()
    assert page.width > CAT.width
    assert page.height > CAT.height
    assert uploaded.headers["x-request-id"]


def test_a_large_sideways_photo_is_shown_upright_and_bounded(client: httpx.Client) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = io.BytesIO()
    CAT.resize((2000, 1000)).save(data, "JPEG", exif=exif)
    page = page_of(client.post("/explain/catdog", content=data.getvalue()))
    assert LONGEST_SIDE < page.height < LONGEST_SIDE + 150
    assert page.width < page.height


def test_evidence_for_the_answer_is_red_and_what_a_lower_threshold_overrules_is_blue(client: httpx.Client) -> None:
    shade = png("L", (32, 32), 100)
    normal = page_of(client.post("/explain/pneumonia", content=shade))
    pneumonia = page_of(client.post("/explain/pneumonia", params={"threshold": 0.3}, content=shade))
    assert red_minus_blue(normal) > 10
    assert red_minus_blue(pneumonia) < -10


def test_a_picture_that_is_not_in_distribution_carries_a_warning(client: httpx.Client) -> None:
    calm, noisy = (
        page_of(client.post("/explain/catdog", content=data)) for data in (jpeg((16, 16), (9, 9, 9)), noise_png(16))
    )
    assert noisy.width == calm.width
    assert noisy.height > calm.height


@pytest.mark.parametrize("task", ["catdog", "pneumonia"])
def test_the_picture_and_the_evidence_come_alone_for_a_client_that_lays_the_one_over_the_other(
    client: httpx.Client, task: str
) -> None:
    photo = encoded(CAT.resize((1000, 500)), "PNG")
    picture, evidence, whole = (
        page_of(client.post(f"/explain/{task}", params={"layer": layer}, content=photo))
        for layer in ("picture", "evidence", "page")
    )
    assert picture.size == evidence.size == (LONGEST_SIDE, LONGEST_SIDE // 2)
    assert evidence.mode == "RGBA"
    laid = np.asarray(Image.alpha_composite(picture.convert("RGBA"), evidence).convert("RGB"), int)
    left, top = (
        (whole.width - picture.width) // 2,
        next(row for row in range(200) if (np.asarray(whole)[row, 20:-20] != 255).any(-1).all()),
    )
    inside = np.asarray(whole.crop((left, top, left + picture.width, top + picture.height)), int)
    assert np.abs(inside - laid).max() <= 2
    assert np.abs(laid - np.asarray(picture.convert("RGB"), int)).max() > 20


def test_an_unknown_layer_is_a_malformed_request(
    client: httpx.Client, problem: Callable[[httpx.Response], dict[str, object]]
) -> None:
    refused = client.post("/explain/catdog", params={"layer": "heat"}, content=encoded(CAT, "PNG"))
    assert refused.status_code == 400
    assert "'page', 'picture' or 'evidence'" in str(problem(refused)["detail"])


@pytest.mark.parametrize(("task", "params"), [("catdog", {}), ("pneumonia", {}), ("pneumonia", {"threshold": 0.3})])
def test_a_client_that_prefers_json_gets_the_answer_and_the_map(
    client: httpx.Client, task: str, params: dict[str, float]
) -> None:
    shade = png("RGB", (32, 20), (100, 100, 100))
    answer = client.post(f"/explain/{task}", params=params, content=shade, headers=JSON).json()
    predicted = client.post(f"/predict/{task}", params=params, content=shade).json()
    heatmap = answer.pop("heatmap")
    assert answer | {"request_id": ""} == predicted | {"request_id": ""}
    assert len(heatmap) == 16
    assert {len(row) for row in heatmap} == {16}
    sign = -1 if params else 1
    np.testing.assert_allclose(heatmap, sign * 100 / 255, atol=1e-5)


def test_the_words_of_a_text_come_with_the_answer(client: httpx.Client) -> None:
    response = client.post("/explain/topic", json={"text": TEXT})
    assert response.status_code == 200, response.text
    answer = response.json()
    predicted = client.post("/predict/topic", json={"text": TEXT}).json()
    words = answer.pop("words")
    assert answer | {"request_id": ""} == predicted | {"request_id": ""}
    assert answer["label"] == topic_of(TEXT)
    assert words == [
        {"word": "crude-oil", "evidence": 5.5},
        {"word": "prices", "evidence": 2.5},
        {"word": "market", "evidence": 2.5},
        {"word": "rose", "evidence": 0.5},
    ]


@pytest.mark.parametrize(("params", "count"), [({}, 10), ({"words": 1}, 1), ({"words": 1000}, 20)])
def test_as_many_words_are_listed_as_are_asked_for(client: httpx.Client, params: dict[str, int], count: int) -> None:
    text = " ".join("x" * length for length in range(4, 24))
    assert len(client.post("/explain/topic", params=params, content=text).json()["words"]) == count


def test_the_labels_of_an_explained_text_can_be_listed_further(client: httpx.Client) -> None:
    answer = client.post("/explain/topic", params={"top": 46}, files={"file": ("a.txt", TEXT.encode())}).json()
    assert set(answer["probabilities"]) == set(TOPICS)


def test_explanations_asked_for_at_once_are_each_their_own(client: httpx.Client) -> None:
    def ask(level: int) -> float:
        response = client.post("/explain/catdog", content=png("RGB", (30, 30), (level, 0, 0)), headers=JSON)
        return float(np.mean(response.json()["heatmap"]))

    levels = list(range(0, 240, 15))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, levels))
    np.testing.assert_allclose(found, np.array(levels) / 255 / 3, atol=1e-4)


class MuteEngine:
    """Answers, but cannot say why."""

    name = "mute"
    scheduling = Scheduling()
    explain = None

    def run(self, batch: Batch) -> Outputs:
        return Outputs(np.full((len(batch), 2), 0.5, np.float32), np.zeros(len(batch), np.float32))


def test_a_model_that_cannot_say_is_a_problem_of_its_own_while_it_still_answers(
    tiny_models: Path, problem: Callable[[httpx.Response], dict[str, object]]
) -> None:
    settings = Settings(models_dir=tiny_models / "nowhere")
    app = create_app(settings)
    with serving(app) as at:
        registry = Registry(tiny_models, lambda at: LoadedModel(open_artifact(at), MuteEngine(), settings.input_limits))
        registry.load()
        app.state.registry = registry
        picture = png("RGB", (9, 9), (1, 2, 3))
        refused = httpx.post(f"{at}/explain/catdog", content=picture)
        assert refused.status_code == 404
        assert problem(refused)["type"] == "/problems/not-explained"
        assert httpx.post(f"{at}/predict/catdog", content=picture).status_code == 200


def test_a_task_without_a_model_is_unavailable(
    tmp_path: Path, problem: Callable[[httpx.Response], dict[str, object]]
) -> None:
    with serving(create_app(Settings(models_dir=tmp_path))) as at:
        for task, body in (("catdog", png("RGB", (9, 9), (1, 2, 3))), ("topic", json.dumps({"text": "oil"}).encode())):
            response = httpx.post(f"{at}/explain/{task}", content=body)
            assert response.status_code == 503
            assert problem(response)["type"] == "/problems/model-unavailable"
