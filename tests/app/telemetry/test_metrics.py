"""What a scrape tells after requests over a real socket."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families

from app.access.caller import Caller
from app.access.keys import entry_of, new_key
from app.connections.limits import ConnectionLimits
from app.main import create_app
from app.settings import Settings
from app.tasks import TASKS
from helpers.blocked import blocked_service
from helpers.pictures import jpeg, noise_png
from helpers.scraping import Scrape, scrape
from helpers.servers import exchange, serving
from helpers.versions import add_version, damage

PICTURE = jpeg((60, 60), (220, 30, 30))
REQUESTS = "quartet_request_duration_seconds_count"


@pytest.fixture
def at(tiny_models: Path) -> Iterator[str]:
    """The address of a service whose counts begin at 0."""
    with serving(create_app(Settings(models_dir=tiny_models))) as address:
        yield address


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_request_is_counted_by_task_route_method_and_status_and_its_answer_by_label(at: str) -> None:
    for _ in range(3):
        assert httpx.post(f"{at}/predict/catdog", content=PICTURE).json()["label"] == "cat"
    assert httpx.post(f"{at}/predict/catdog", content=b"nothing").status_code == 415
    found = scrape(at)
    answered = {"task": "catdog", "route": "/predict/catdog", "method": "POST"}
    assert found.value(REQUESTS, **answered, status="200") == 3
    assert found.value(REQUESTS, **answered, status="415") == 1
    assert 0 < found.value("quartet_request_duration_seconds_sum", **answered) < 60
    assert found.value("quartet_predictions_total", task="catdog", label="cat", version="1") == 3
    assert found.value("quartet_rejected_total", task="catdog", reason="unsupported-media") == 1


def test_labels_of_a_served_model_are_there_before_the_first_answer(at: str) -> None:
    found = scrape(at)
    labels = {labels["label"] for labels, value in found.samples("quartet_predictions_total", task="digit")}
    assert labels == set("0123456789")
    assert found.value("quartet_predictions_total") == 0


@pytest.mark.parametrize("engine", ["auto", "tensorflow"])
def test_each_input_of_a_batch_is_decoded_run_and_answered(tiny_models: Path, engine: str) -> None:
    with serving(create_app(Settings(models_dir=tiny_models, engine=engine, workers=2))) as at:
        files = [("files", PICTURE)] * 9 + [("files", b"nothing")]
        assert len(httpx.post(f"{at}/predict/catdog/batch", files=files, timeout=30).json()) == 10
        found = scrape(at)
    stages = {
        stage: found.value("quartet_stage_duration_seconds_count", task="catdog", stage=stage)
        for stage in ("decode", "queue", "infer")
    }
    assert stages["decode"] == 10
    assert 1 <= stages["infer"] <= 9
    assert stages["queue"] >= 1
    assert found.value("quartet_batch_size_sum", task="catdog") == 9
    assert found.value("quartet_batch_size_count", task="catdog") == stages["infer"]
    assert found.value("quartet_predictions_total", task="catdog") == 9
    assert found.value("quartet_queue_depth") == 0


def test_explanations_are_answers_too(at: str) -> None:
    assert httpx.post(f"{at}/explain/catdog", content=PICTURE, timeout=30).status_code == 200
    found = scrape(at)
    assert found.value(REQUESTS, route="/explain/catdog", status="200") == 1
    assert found.value("quartet_predictions_total", task="catdog", label="cat") == 1


@pytest.mark.parametrize("version", ["", "/versions/{version}"])
def test_calls_of_the_open_inference_protocol_are_counted_by_their_model(at: str, version: str) -> None:
    for name, body in (("catdog", PICTURE), ("catdog", b"nothing"), ("made-up", PICTURE)):
        path = f"/v2/models/{name}{version.replace('{version}', '1')}/infer"
        httpx.post(f"{at}{path}", content=body, headers={"Inference-Header-Content-Length": "0"})
    found = scrape(at)
    route = f"/v2/models/{{model}}{version}/infer"
    assert found.value(REQUESTS, task="catdog", route=route, method="POST", status="200") == 1
    assert found.value("quartet_rejected_total", task="catdog", reason="invalid-tensor") == 1
    assert found.value(REQUESTS, task="", route=route, status="404") == 1
    assert found.value("quartet_predictions_total", task="catdog", label="cat", version="1") == 1


def test_inputs_out_of_distribution_are_counted(at: str) -> None:
    answers = [httpx.post(f"{at}/predict/catdog", content=picture).json() for picture in (PICTURE, noise_png(64))]
    strange = sum(not answer["in_distribution"] for answer in answers)
    assert scrape(at).value("quartet_out_of_distribution_total", task="catdog", version="1") == strange


def test_what_is_inside_is_shown_and_what_is_turned_away_counted(tiny_models: Path) -> None:
    def ask(**headers: str) -> int:
        return httpx.post(f"{blocked.address}/predict/catdog", content=PICTURE, headers=headers, timeout=30).status_code

    with blocked_service(tiny_models, Settings(workers=1, max_queue=1)) as blocked, ThreadPoolExecutor(2) as pool:
        assert scrape(blocked.address).value("quartet_queue_capacity", task="catdog") == 2
        late = pool.submit(ask, **{"X-Deadline-Ms": "50"})
        assert late.result() == 504
        eventually(lambda: scrape(blocked.address).value("quartet_requests_in_progress", task="catdog") == 0)
        inside = [pool.submit(ask) for _ in range(2)]
        eventually(lambda: scrape(blocked.address).value("quartet_requests_in_progress", task="catdog") == 2)
        blocked.wait_for(2)
        assert ask() == 503
        found = scrape(blocked.address)
        blocked.engine.released.set()
        assert [one.result() for one in inside] == [200, 200]
        after = scrape(blocked.address)
    assert found.value("quartet_rejected_total", task="catdog", reason="deadline-exceeded") == 1
    assert found.value("quartet_rejected_total", task="catdog", reason="queue-full") == 1
    assert found.value(REQUESTS, task="catdog", status="503") == 1
    assert after.value("quartet_requests_in_progress", task="catdog") == 0


def test_a_client_that_hangs_up_is_counted_as_gone(tiny_models: Path) -> None:
    head = f"POST /predict/catdog HTTP/1.1\r\nHost: x\r\nContent-Length: {len(PICTURE)}\r\n\r\n".encode()
    with blocked_service(tiny_models, Settings(workers=1)) as blocked:
        host, port = blocked.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(head + PICTURE)
            assert blocked.engine.entered.wait(10) or blocked.predictor.inside("catdog")
        gone = {"task": "catdog", "reason": "client-gone"}
        eventually(lambda: scrape(blocked.address).value("quartet_rejected_total", **gone) == 1)


def test_what_is_refused_on_its_connection_is_counted(tiny_models: Path) -> None:
    limits = ConnectionLimits(max_head_bytes=1000, head_seconds=0.3, max_connections=2)
    with serving(create_app(Settings(models_dir=tiny_models)), limits) as at:
        exchange(at, b"GET / HTTP/1.1\r\nX: " + b"x" * 2000 + b"\r\n\r\n")
        exchange(at, b"nonsense\r\n\r\n")
        exchange(at, b"GET / HTTP/1.1\r\nX: ")
        host, port = at.removeprefix("http://").split(":")
        held = [socket.create_connection((host, int(port))) for _ in range(2)]
        assert exchange(at, b"").startswith(b"HTTP/1.1 503 ")
        for connection in held:
            connection.close()
        eventually(lambda: exchange(at, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200 "))
        found = scrape(at)
    reasons = {labels["reason"] for labels, value in found.samples("quartet_rejected_total", task="") if value}
    assert reasons >= {"head-too-large", "malformed-request", "request-timeout", "connections-full"}


def test_full_bodies_are_told_from_full_queues(tiny_models: Path) -> None:
    settings = Settings(models_dir=tiny_models, max_body_bytes=1000, max_bodies_bytes=1000)
    head = b"POST /predict/catdog HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n"
    with serving(create_app(settings)) as at:
        host, port = at.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(head + bytes(800))
            eventually(lambda: httpx.post(f"{at}/predict/catdog", content=bytes(900)).status_code == 503)
        assert scrape(at).value("quartet_rejected_total", task="catdog", reason="bodies-full") == 1


def test_nothing_that_a_client_makes_up_becomes_a_label(at: str) -> None:
    with httpx.Client(base_url=at) as client:
        for path in ("", "/predict", "/models", "/static", "/models/digit/plots"):
            client.get(f"{path}/made-up")
        client.request("PROPFIND", "/predict/digit")
        client.post("/predict/digit?version=made-up", content=PICTURE, headers={"X-Request-ID": "made-up"})
        text = client.get("/metrics").text
    assert "made-up" not in text
    assert "PROPFIND" not in text
    assert Scrape(text).value(REQUESTS, route="other", status="404") == 3
    assert Scrape(text).value(REQUESTS, route="/models/{task}", status="404") == 1
    assert Scrape(text).value(REQUESTS, method="other", status="405") == 1


def test_a_reload_changes_what_is_shown_to_serve(models_copy: Path, tmp_path: Path) -> None:
    key = new_key()
    keys = tmp_path / "keys.toml"
    keys.write_text(entry_of(key, Caller("ops", admin=True)))
    add_version(models_copy, "digit", 2)
    damage(add_version(models_copy, "digit", 3))
    headers = {"X-API-Key": key}
    with serving(create_app(Settings(models_dir=models_copy, api_keys_file=keys))) as at:
        assert httpx.post(f"{at}/models/digit/reload?version=1", headers=headers, timeout=30).status_code == 200
        assert httpx.post(f"{at}/models/digit/reload?version=3", headers=headers, timeout=30).status_code == 409
        served = httpx.get(f"{at}/models/digit", headers=headers).json()
        found = scrape(at, **headers)
    [(info, value)] = found.samples("quartet_model_info", task="digit")
    assert value == 1
    assert info["version"] == "1"
    assert info["engine"] == served["engine"]
    assert info["sha256"] == next(one["sha256"] for one in served["versions"] if one["version"] == 1)
    assert info["recipe"]
    assert found.value("quartet_model_loads_total", task="digit", outcome="loaded") == 2
    assert found.value("quartet_model_loads_total", task="digit", outcome="refused") == 2


def test_a_model_that_is_unloaded_is_shown_no_more_until_it_is_loaded(tiny_models: Path) -> None:
    key = new_key()
    settings = Settings(models_dir=tiny_models, admin_key_sha256=sha256(key.encode()).hexdigest())
    with serving(create_app(settings)) as at:
        repository = f"{at}/v2/repository/models/digit"
        shown = []
        for change in ("unload", "load"):
            done = httpx.post(f"{repository}/{change}", headers={"Authorization": f"Bearer {key}"}, timeout=30)
            assert done.status_code == 200
            found = scrape(at)
            available = [value for _, value in found.samples("quartet_model_available", task="digit")]
            shown.append((available, len(list(found.samples("quartet_model_info", task="digit")))))
    # Nor is it missed: at 0 it would be a model that should be there.
    assert shown == [([], 0), ([1], 1)]
    assert found.value("quartet_model_loads_total", task="digit", outcome="loaded") == 2


def test_a_task_without_a_model_is_not_available(models_copy: Path) -> None:
    shutil.rmtree(models_copy / "digit")
    with serving(create_app(Settings(models_dir=models_copy))) as at:
        found = scrape(at)
    available = {labels["task"]: value for labels, value in found.samples("quartet_model_available")}
    assert available == {"topic": 1, "digit": 0, "catdog": 1, "pneumonia": 1}


def test_applications_in_one_process_do_not_share_their_counts(tiny_models: Path, at: str) -> None:
    with serving(create_app(Settings(models_dir=tiny_models))) as other:
        httpx.post(f"{other}/predict/catdog", content=PICTURE)
        assert scrape(other).value(REQUESTS, task="catdog") == 1
        assert scrape(at).value(REQUESTS, task="catdog") == 0


def test_the_process_python_and_the_build_are_described(at: str) -> None:
    found = scrape(at)
    for name in (
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_open_fds",
        "python_info",
        "python_gc_collections_total",
        "quartet_build_info",
    ):
        assert found.value(name) > 0, name


def test_names_and_units_are_as_prometheus_wants_them(at: str) -> None:
    httpx.post(f"{at}/predict/catdog", content=PICTURE)
    families = [one for one in text_string_to_metric_families(scrape(at).text) if one.name.startswith("quartet_")]
    assert len(families) >= 13
    for family in families:
        assert re.fullmatch(r"[a-z][a-z0-9_]*[a-z]", family.name)
        assert family.documentation.endswith(".")
        names = {sample.name for sample in family.samples}
        if family.type == "counter":
            assert all(name.endswith("_total") for name in names), names
        else:
            assert not family.name.endswith("_total")
        assert not re.search(r"_(ms|milliseconds|minutes|kb|mb|percent|count)$", family.name)
        assert ("duration" in family.name) <= family.name.endswith("_seconds")


def test_promtool_has_nothing_to_say(at: str) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool, of Debian's package prometheus, is not installed")
    httpx.post(f"{at}/predict/catdog", content=PICTURE)
    text = scrape(at).text
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_who_accepts_openmetrics_gets_it(at: str) -> None:
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    response = httpx.get(f"{at}/metrics", headers={"Accept": accept})
    assert response.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert response.text.endswith("# EOF\n")
    assert {family.name for family in open_metrics(response.text)} >= {"quartet_predictions", "process_open_fds"}
    assert httpx.get(f"{at}/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")


def test_metrics_can_be_turned_off(tiny_models: Path) -> None:
    with serving(create_app(Settings(models_dir=tiny_models, metrics=False))) as at:
        assert httpx.get(f"{at}/metrics").status_code == 404
        assert httpx.post(f"{at}/predict/catdog", content=PICTURE).status_code == 200


def test_where_calls_need_a_key_only_one_made_for_it_reads_the_metrics(tiny_models: Path, tmp_path: Path) -> None:
    callers = [Caller("clinic"), Caller("prometheus", metrics=True), Caller("ops", admin=True), Caller("slow", 1)]
    keys = {caller.name: new_key() for caller in callers}
    file = tmp_path / "keys.toml"
    file.write_text("\n".join(entry_of(keys[caller.name], caller) for caller in callers))
    with serving(create_app(Settings(models_dir=tiny_models, api_keys_file=file))) as at:
        for _ in range(2):
            httpx.get(f"{at}/models", headers={"X-API-Key": keys["slow"]})
        statuses = {
            name: httpx.get(f"{at}/metrics", headers={"Authorization": f"Bearer {key}"}).status_code
            for name, key in {**keys, "nobody": new_key()}.items()
        }
        found = scrape(at, **{"X-API-Key": keys["prometheus"]})
    assert statuses == {"clinic": 403, "prometheus": 200, "ops": 200, "slow": 429, "nobody": 401}
    assert found.value("quartet_rejected_total", reason="rate-limited") == 2
    assert found.value("quartet_rejected_total", reason="unauthenticated") == 1
    assert not any(name in found.text for name in ("clinic", "ops"))


def test_every_task_of_the_service_has_its_series(at: str) -> None:
    tasks = {labels["task"] for labels, _ in scrape(at).samples("quartet_queue_depth")}
    assert tasks == {task.name for task in TASKS}
