"""`POST /models/<task>/reload` and `?version=`, over a real socket."""

import hashlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from app.access.caller import Caller
from app.access.keys import entry_of
from app.main import create_app
from app.serving.model import LoadedModel
from app.serving.registry import Registry
from app.settings import Settings
from helpers.pictures import png
from helpers.servers import serving
from helpers.versions import add_version, damage, verify_only

Check = Callable[[httpx.Response], dict[str, object]]

KEY = "clé secrète"
KEY_SHA256 = hashlib.sha256(KEY.encode()).hexdigest()
ADMIN = {"Authorization": f"Bearer {KEY}".encode()}
PICTURE = png("L", (9, 9), 250)


def settings_of(models: Path, **knobs: object) -> Settings:
    return Settings.model_validate({"models_dir": models, "admin_key_sha256": KEY_SHA256, **knobs})


@pytest.fixture(scope="module")
def models(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Versions 1 and 2 of the X-ray model, and a damaged 3; version 1 of the digits."""
    root = tmp_path_factory.mktemp("versions") / "models"
    for task in ("pneumonia", "digit"):
        shutil.copytree(tiny_models / task, root / task)
    add_version(root, "pneumonia", 2)
    damage(add_version(root, "pneumonia", 3))
    return root


@pytest.fixture
def admin(models: Path) -> Iterator[httpx.Client]:
    """A client that sends the admin key to a service that keeps one version of each task."""
    with serving(create_app(settings_of(models))) as at, httpx.Client(base_url=at, headers=ADMIN, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def keeping_two(models: Path) -> Iterator[httpx.Client]:
    """A client of a service that keeps two versions, 1 and 2, of which 2 serves."""
    with serving(create_app(settings_of(models, versions_kept=2))) as at, httpx.Client(base_url=at) as client:
        yield client


def version_of(client: httpx.Client, **query: int) -> int:
    answer = client.post("/predict/pneumonia", content=PICTURE, params=query).json()
    return int(answer["model"]["version"])


def test_a_reload_tells_what_serves_now_and_what_did(admin: httpx.Client) -> None:
    assert version_of(admin) == 2
    done = admin.post("/models/pneumonia/reload?version=1").json()
    states = {version["version"]: version for version in admin.get("/models/pneumonia").json()["versions"]}
    assert done["model"] == {"version": 1, "sha256": states[1]["sha256"]}
    assert done["previous"]["version"] == 2
    assert (done["task"], done["loaded"]) == ("pneumonia", [1])
    assert [states[version]["state"] for version in (3, 2, 1)] == ["refused", "not_loaded", "available"]
    assert version_of(admin) == 1


def test_a_bad_version_is_refused_with_file_and_reason_and_the_good_one_serves_on(
    admin: httpx.Client, problem: Check
) -> None:
    response = admin.post("/models/pneumonia/reload")
    assert response.status_code == 409
    body = problem(response)
    assert body["type"] == "/problems/version-refused"
    reason = "saved_model.pb: its sha256 is not the one in the manifest"
    assert body["detail"] == f"Version 3 of the model of 'pneumonia' is refused: {reason}. Version 2 serves on."
    refused = admin.get("/models/pneumonia").json()["versions"][0]
    assert (refused["version"], refused["state"], refused["reason"]) == (3, "refused", reason)
    assert version_of(admin) == 2


@pytest.mark.parametrize(
    ("path", "slug", "detail"),
    [
        ("pneumonia/reload?version=9", "no-such-version", "no version 9 of the model of 'pneumonia'. It has: 3, 2, 1."),
        ("topic/reload", "no-such-version", "has no version of the model of 'topic'. It has: none."),
        ("horse/reload", "not-found", "There is no task 'horse'."),
        ("pneumonia/reload?version=0", "malformed-request", "query.version: Input should be greater"),
        ("pneumonia/reload?version=new", "malformed-request", "query.version: Input should be a valid integer"),
    ],
)
def test_what_cannot_be_loaded_is_told_why(
    admin: httpx.Client, problem: Check, path: str, slug: str, detail: str
) -> None:
    body = problem(admin.post(f"/models/{path}"))
    assert body["type"] == f"/problems/{slug}"
    assert detail in str(body["detail"])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {KEY}".encode()},
        {"Authorization": "Bearer"},
        {"X-API-Key": "wrong"},
        {"X-API-Key": KEY_SHA256},
        {"X-API-Key": ""},
        {"Authorization": "Bearer wrong", "X-API-Key": KEY.encode()},
    ],
)
def test_without_the_admin_key_nothing_is_reloaded_nor_told(
    keeping_two: httpx.Client, problem: Check, headers: dict[str, str | bytes]
) -> None:
    for path in ("pneumonia/reload?version=1", "horse/reload", "pneumonia/reload?version=x"):
        response = keeping_two.post(f"/models/{path}", headers=headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        assert problem(response)["type"] == "/problems/unauthenticated"
    assert version_of(keeping_two) == 2


def test_the_key_may_come_in_a_header_of_its_own(admin: httpx.Client) -> None:
    response = httpx.post(admin.base_url.join("/models/digit/reload"), headers={"X-API-Key": KEY.encode()})
    assert response.status_code == 200


def test_where_no_admin_key_is_set_admin_calls_are_forbidden(client: httpx.Client, problem: Check) -> None:
    response = client.post("/models/digit/reload", headers=ADMIN)
    assert response.status_code == 403
    assert "QUARTET_ADMIN_KEY_SHA256" in str(problem(response)["detail"])


@pytest.mark.parametrize("call", ["/predict/pneumonia", "/explain/pneumonia"])
def test_a_request_may_name_a_loaded_version(keeping_two: httpx.Client, call: str) -> None:
    for query, version in (("", 2), ("?version=2", 2), ("?version=1", 1)):
        response = keeping_two.post(call + query, content=PICTURE, headers={"Accept": "application/json"})
        assert response.json()["model"]["version"] == version


def test_a_batch_may_name_a_loaded_version(keeping_two: httpx.Client) -> None:
    answers = keeping_two.post("/predict/pneumonia/batch?version=1", files=[("files", PICTURE)] * 2).json()
    assert [answer["model"]["version"] for answer in answers] == [1, 1]


@pytest.mark.parametrize("call", ["/predict/pneumonia", "/predict/pneumonia/batch", "/explain/pneumonia"])
def test_a_version_that_is_not_loaded_is_told_those_that_are(
    keeping_two: httpx.Client, problem: Check, call: str
) -> None:
    response = keeping_two.post(f"{call}?version=3", content=PICTURE)
    assert response.status_code == 404
    body = problem(response)
    assert body["type"] == "/problems/no-such-version"
    assert body["detail"] == "Version 3 of the model of 'pneumonia' is not loaded. Loaded: 1, 2."


def test_other_calls_are_answered_while_a_version_is_loaded_and_reloads_take_turns(models: Path) -> None:
    begun, released = threading.Semaphore(0), threading.Semaphore(0)

    def load_slowly(folder: Path) -> LoadedModel:
        begun.release()
        assert released.acquire(timeout=20)
        return verify_only(folder)

    app = create_app(settings_of(models))
    with serving(app) as at, ThreadPoolExecutor(2) as pool:
        serves = app.state.registry.model("pneumonia")
        app.state.registry._load = load_slowly
        reloads = [
            pool.submit(httpx.post, f"{at}/models/pneumonia/reload?version={version}", headers=ADMIN, timeout=30)
            for version in (1, 2)
        ]
        assert begun.acquire(timeout=10)
        assert httpx.post(f"{at}/predict/pneumonia", content=PICTURE, timeout=5).status_code == 200
        assert app.state.registry.model("pneumonia") is serves
        assert not begun.acquire(timeout=0.2)
        released.release(2)
        done = [reload.result().json() for reload in reloads]
    orders = [(answer["previous"]["version"], answer["model"]["version"]) for answer in done]
    # Version 2 served: either of the two may have come first.
    assert sorted(orders) in ([(1, 2), (2, 1)], [(2, 1), (2, 2)])


def test_a_model_whose_folder_goes_away_answers_on_without_its_card(models_copy: Path, problem: Check) -> None:
    with serving(create_app(Settings(models_dir=models_copy))) as at, httpx.Client(base_url=at) as client:
        shutil.rmtree(models_copy / "pneumonia" / "1")
        assert version_of(client) == 1
        response = client.get("/models/pneumonia/card")
        assert response.status_code == 404
        assert problem(response)["detail"] == "The model of 'pneumonia' has no file 'MODEL_CARD.md'."


def test_a_watched_folder_needs_no_call(models_copy: Path) -> None:
    app = create_app(Settings(models_dir=models_copy, watch_seconds=0.05))
    with serving(app) as at, httpx.Client(base_url=at) as client:
        assert version_of(client) == 1
        written = add_version(models_copy, "pneumonia", 7)
        until = time.monotonic() + 20
        while version_of(client) != 7:
            assert time.monotonic() < until, f"{written} has not been loaded"
            time.sleep(0.02)


def test_a_registry_is_read_by_requests_without_a_lock(models: Path) -> None:
    registry = Registry(models, verify_only)
    registry.load()
    stop = threading.Event()
    seen: set[int] = set()

    def read() -> None:
        while not stop.is_set():
            seen.add(registry.model("pneumonia").artifact.manifest.version)

    reader = threading.Thread(target=read)
    reader.start()
    for version in (1, 2) * 20:
        registry.reload("pneumonia", version)
    stop.set()
    reader.join(10)
    assert seen == {1, 2}


def test_where_keys_are_asked_for_an_admins_and_the_admin_key_reload_and_others_do_not(
    models: Path, tmp_path: Path, problem: Check
) -> None:
    callers = {"clinic-key": Caller("clinic"), "ops-key": Caller("ops", admin=True)}
    keys_file = tmp_path / "keys.toml"
    keys_file.write_text("\n".join(entry_of(key, caller) for key, caller in callers.items()))
    with serving(create_app(settings_of(models, api_keys_file=keys_file))) as at:

        def reload(key: bytes) -> httpx.Response:
            return httpx.post(f"{at}/models/digit/reload", headers={"X-API-Key": key}, timeout=30)

        assert [reload(key).status_code for key in (b"ops-key", KEY.encode(), b"nobody's")] == [200, 200, 401]
        refused = reload(b"clinic-key")
        assert refused.status_code == 403
        assert "The key of 'clinic' is not an admin's" in str(problem(refused)["detail"])
