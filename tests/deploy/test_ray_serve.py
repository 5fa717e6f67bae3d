"""The service in a Ray cluster, over HTTP: the surface is the same, replicas reload together, and one may die."""

import hashlib
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from app.inputs.limits import InputLimits
from app.serving.engines import EnginePolicy, load_fastest
from helpers.contract import EXAMPLES, QUICK, SOAK, check_contract
from helpers.pictures import png
from helpers.ray_services import RayService, ray_service
from helpers.service_process import MODELS
from helpers.services import wait_until
from helpers.tested_service import SETTINGS, run_tests
from helpers.versions import add_version

pytest.importorskip("ray", reason="needs the extra `scale`")

KEY = "the admin's key"
ADMIN = {"Authorization": f"Bearer {KEY}"}
MAX_QUEUE = 16
REPLICAS = 2
HELD = 16
"""By each replica: it has one worker, and batches of 8."""

ROUTES = ("predict", "explain", "health", "models")
OF_THE_CONNECTION = "not ambiguous_framing"
"""Ray's proxies answer what is no HTTP in uvicorn's words: docs/scaling.md."""
OF_OTHER_SETTINGS = "not no_admin_key"


@pytest.fixture(scope="module")
def models(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(tiny_models, tmp_path_factory.mktemp("ray") / "models"))


@pytest.fixture(scope="module")
def service(models: Path) -> Iterator[RayService]:
    settings = {
        **SETTINGS,
        "models_dir": models,
        "max_queue": MAX_QUEUE,
        "admin_key_sha256": hashlib.sha256(KEY.encode()).hexdigest(),
    }
    pneumonia = {"min_replicas": REPLICAS, "max_replicas": REPLICAS, "cpus": 0.2}
    options = {"cpus": 0.2, "max_replicas": 1, "ingress_cpus": 0.2, "tasks": {"pneumonia": pneumonia}}
    environment = {f"QUARTET_{name.upper()}": str(value) for name, value in settings.items()}
    with ray_service(models.parent, options, environment) as started:
        yield started


@pytest.fixture
def client(service: RayService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.address, timeout=60) as client:
        yield client


@pytest.fixture
def version_1(client: httpx.Client) -> Iterator[None]:
    """Whatever a test lets serve, version 1 of the X-ray model serves after it."""
    yield
    assert client.post("/models/pneumonia/reload", params={"version": 1}, headers=ADMIN).status_code == 200


def xray(grey: int = 200) -> bytes:
    return png("L", (64, 64), grey)


def large_xray() -> bytes:
    """A small file that takes a tenth of a second to read."""
    return png("L", (4000, 4000), 200)


def test_the_tests_of_the_routes_pass_as_they_are(service: RayService, models: Path) -> None:
    files = [f"tests/app/routes/test_{name}.py" for name in ROUTES]
    done = run_tests(service.address, models, *files, "tests/app/routes/v2/test_protocol.py")
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


@pytest.mark.soak
def test_all_tests_of_the_surface_pass_as_they_are(service: RayService, models: Path) -> None:
    choice = f"{OF_THE_CONNECTION} and {OF_OTHER_SETTINGS}"
    done = run_tests(service.address, models, "tests/app/routes", *map(str, _surface()), "-k", choice)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


@pytest.mark.parametrize(
    "extent",
    [
        pytest.param(EXAMPLES, id="examples"),
        pytest.param(QUICK, id="quick", marks=pytest.mark.soak),
        pytest.param(SOAK, id="long", marks=pytest.mark.soak),
    ],
)
def test_the_service_keeps_its_openapi_document(
    service: RayService, extent: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = check_contract(service.address, extent, tmp_path)
    with capsys.disabled():
        print(f"\n{summary}")


def test_all_replicas_serve_the_version_that_one_call_asks_for_and_answer_as_the_model_does_here(
    service: RayService, client: httpx.Client, models: Path, version_1: None
) -> None:
    (models / "pneumonia" / "2").symlink_to(MODELS / "pneumonia" / "2")
    reloaded = client.post("/models/pneumonia/reload", headers=ADMIN)
    assert reloaded.status_code == 200, reloaded.text
    assert reloaded.json()["model"]["version"] == 2
    assert reloaded.json()["previous"]["version"] == 1
    assert reloaded.json()["processes"] == REPLICAS

    here = load_fastest(MODELS / "pneumonia" / "2", EnginePolicy(), InputLimits())
    pictures = [xray(grey) for grey in range(0, 250, 12)]
    expected = [prediction.probabilities for prediction in here.predict(pictures)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda picture: _predicted(service, picture), pictures))
    assert [answer["probabilities"] for answer in answers] == expected
    assert {answer["model"]["version"] for answer in answers} == {2}


def test_a_version_that_is_refused_changes_nothing(client: httpx.Client, models: Path) -> None:
    broken = Path(shutil.copytree(models / "pneumonia" / "1", models / "pneumonia" / "9"))
    try:
        refused = client.post("/models/pneumonia/reload", headers=ADMIN)
    finally:
        shutil.rmtree(broken)
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert "manifest.json: its version is 1 but it lies in the folder '9'" in refused.json()["detail"]
    assert "Version 1 serves on" in refused.json()["detail"]


def test_what_is_unloaded_answers_from_no_replica_until_it_is_loaded(client: httpx.Client, version_1: None) -> None:
    assert client.post("/v2/repository/models/pneumonia/unload", headers=ADMIN).status_code == 200
    for _ in range(4):
        answer = client.post("/predict/pneumonia", content=xray())
        assert answer.status_code == 503
        assert "unloaded" in answer.json()["detail"]


def test_inputs_beyond_the_queue_are_refused_with_a_time_to_come_again(service: RayService) -> None:
    count = 1 + (REPLICAS * HELD + MAX_QUEUE) // 2
    files = [("files", large_xray())] * count
    ask = partial(httpx.post, f"{service.address}/predict/pneumonia/batch", files=files, timeout=60)
    with ThreadPoolExecutor(3) as pool:
        answers = [future.result() for future in [pool.submit(ask) for _ in range(3)]]
    assert sorted(answer.status_code for answer in answers) == [200, 503, 503]
    for refused in (answer for answer in answers if answer.status_code == 503):
        assert refused.headers["content-type"] == "application/problem+json"
        assert int(refused.headers["retry-after"]) > 0
        assert f"at most {REPLICAS * HELD + MAX_QUEUE} may" in refused.json()["detail"]


def test_an_answer_that_would_come_too_late_is_given_up(client: httpx.Client) -> None:
    files = [("files", large_xray())] * 8
    late = client.post("/predict/pneumonia/batch", files=files, headers={"X-Deadline-Ms": "20"})
    assert late.status_code == 504
    assert late.headers["content-type"] == "application/problem+json"


def test_a_replica_that_is_killed_under_load_is_replaced_and_loses_no_request(
    service: RayService, models: Path
) -> None:
    before = service.replicas("pneumonia")
    assert len(before) == REPLICAS
    with _load(service) as answers:
        wait_until(lambda: len(answers) > 20, 60)
        killed = min(before)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: len(service.replicas("pneumonia") - before) == 1, 60)
        seen = len(answers)
        wait_until(lambda: len(answers) > seen + 20, 60)
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["model"]["version"] for answer in answers} == {1}


@pytest.fixture
def other_version(client: httpx.Client, models: Path) -> Iterator[None]:
    """Version 2 of the topics' model lies in place of version 1, which serves; after the test it is as before."""
    add_version(models, "topic", 2)
    away = (models / "topic" / "1").rename(models / "away")
    yield
    away.rename(models / "topic" / "1")
    assert client.post("/models/topic/reload", params={"version": 1}, headers=ADMIN).status_code == 200
    shutil.rmtree(models / "topic" / "2")


def test_a_task_whose_version_is_gone_with_its_last_replica_is_answered_by_the_one_that_there_is(
    service: RayService, client: httpx.Client, other_version: None
) -> None:
    def serving() -> int:
        answer = client.post("/predict/topic", json={"text": "oil"})
        return answer.json()["model"]["version"] if answer.status_code == 200 else 0

    assert serving() == 1
    [replica] = service.replicas("topic")
    os.kill(replica, signal.SIGKILL)
    wait_until(lambda: serving() == 2, 60)


@pytest.mark.soak
def test_a_reload_is_done_though_the_keeper_of_versions_is_killed(
    service: RayService, client: httpx.Client, version_1: None
) -> None:
    [keeper] = service.replicas("versions")
    os.kill(keeper, signal.SIGKILL)
    reloaded = client.post("/models/pneumonia/reload", headers=ADMIN)
    assert reloaded.status_code == 200, reloaded.text
    assert reloaded.json()["processes"] == REPLICAS


@pytest.mark.soak
def test_while_the_ingress_is_replaced_clients_wait_or_get_problems(service: RayService) -> None:
    [ingress] = service.replicas("ingress")
    with _load(service) as answers:
        wait_until(lambda: len(answers) > 20, 60)
        os.kill(ingress, signal.SIGKILL)
        wait_until(lambda: service.replicas("ingress") - {ingress}, 60)
        seen = len(answers)
        wait_until(lambda: len(answers) > seen + 20 and answers[-1].status_code == 200, 60)
    for failed in (answer for answer in answers if answer.status_code != 200):
        assert failed.status_code in {500, 503}
        assert failed.headers["content-type"] == "application/problem+json"
        assert failed.headers["x-request-id"] == failed.json()["request_id"]
        assert failed.headers["x-content-type-options"] == "nosniff"


def _surface() -> list[Path]:
    return sorted(Path(__file__).parents[1].joinpath("app").glob("test_*.py"))


def _predicted(service: RayService, picture: bytes) -> dict[str, object]:
    answer = httpx.post(f"{service.address}/predict/pneumonia", content=picture, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


@contextmanager
def _load(service: RayService, clients: int = 4) -> Iterator[list[httpx.Response]]:
    """Ask from several threads while the context lasts; the list of answers grows meanwhile."""
    answers: list[httpx.Response] = []
    stopped = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=service.address, timeout=60) as client:
            while not stopped.is_set():
                answers.append(client.post("/predict/pneumonia", content=xray()))

    with ThreadPoolExecutor(clients) as pool:
        asking = [pool.submit(ask) for _ in range(clients)]
        try:
            yield answers
        finally:
            stopped.set()
        for one in asking:
            one.result()
