"""A reload, or an unload, that is asked of one of several processes, with real ones."""

import hashlib
import http.client
import json
import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from helpers.pictures import png
from helpers.services import Service, clients_of, service, wait_until
from helpers.versions import add_version, damage

KEY = "operator"
ADMIN = {"Authorization": f"Bearer {KEY}"}
SETTINGS = {"admin_key_sha256": hashlib.sha256(KEY.encode()).hexdigest(), "engine": "openvino"}
STARTED = "Application startup complete"
PICTURE = png("L", (9, 9), 250)


@pytest.fixture(scope="module")
def running(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Two processes with versions 1 and 2 of the X-ray model, and a damaged 3."""
    folder = tmp_path_factory.mktemp("processes")
    shutil.copytree(tiny_models / "pneumonia", folder / "models" / "pneumonia")
    add_version(folder / "models", "pneumonia", 2)
    damage(add_version(folder / "models", "pneumonia", 3))
    with service(folder / "models", folder / "log", "--processes", "2", **SETTINGS) as started:
        yield started


def reload(running: Service, version: int | None = None) -> httpx.Response:
    query = {} if version is None else {"version": version}
    return httpx.post(f"{running.address}/models/pneumonia/reload", headers=ADMIN, params=query, timeout=60)


def repository(running: Service, call: str) -> httpx.Response:
    return httpx.post(f"{running.address}/v2/repository/models/pneumonia/{call}", headers=ADMIN, timeout=60)


def replace_one(running: Service) -> int:
    """Kill a process, wait until another serves in its place, and return which it was."""
    started = running.log.read_text().count(STARTED)
    victim = next(iter(running.serving_processes()))
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: running.log.read_text().count(STARTED) == started + 1, 30)
    return victim


def versions_of_all(running: Service) -> dict[int, int | None]:
    """Ask until every process has answered. Returns each process's version, None where none serves."""
    host, port = running.address.removeprefix("http://").split(":")
    processes = running.serving_processes()
    found: dict[int, int | None] = {}
    for _ in range(200):
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        with closing(connection):
            connection.request("POST", "/predict/pneumonia", PICTURE)
            response = connection.getresponse()
            answer = json.load(response)
            version = None if response.status == 503 else answer["model"]["version"]
            own = connection.sock.getsockname()[1]
            found |= {process: version for process in processes if own in clients_of(process)}
        if found.keys() == processes:
            return found
    raise AssertionError(f"of {processes} these were reached: {found}")


def test_reloads_asked_of_both_at_once_leave_both_with_the_same(running: Service) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: reload(running, 1 + number % 2), range(8)))
    assert [answer.json()["processes"] for answer in answers] == [2] * 8
    assert len(set(versions_of_all(running).values())) == 1


def test_what_one_process_is_asked_for_all_do_and_one_that_starts_later_too(running: Service) -> None:
    assert reload(running, 2).json()["processes"] == 2
    assert set(versions_of_all(running).values()) == {2}
    rolled_back = reload(running, 1)
    assert (rolled_back.status_code, rolled_back.json()["processes"]) == (200, 2)
    assert set(versions_of_all(running).values()) == {1}
    # The newest is damaged: it is refused, and nothing changes anywhere.
    refused = reload(running)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/version-refused")
    assert set(versions_of_all(running).values()) == {1}
    victim = replace_one(running)
    after = versions_of_all(running)
    assert victim not in after
    assert list(after.values()) == [1, 1]


def test_what_is_unloaded_serves_in_no_process_nor_in_one_that_starts_later_until_a_load(running: Service) -> None:
    assert reload(running, 1).json()["processes"] == 2
    unloaded = repository(running, "unload")
    assert (unloaded.status_code, unloaded.json()["state"]) == (200, "UNAVAILABLE")
    assert list(versions_of_all(running).values()) == [None, None]
    victim = replace_one(running)
    after = versions_of_all(running)
    assert victim not in after
    assert list(after.values()) == [None, None]
    assert repository(running, "load?version=2").status_code == 200
    assert list(versions_of_all(running).values()) == [2, 2]


def test_loads_and_unloads_asked_of_both_at_once_leave_both_alike(running: Service) -> None:
    with ThreadPoolExecutor(8) as pool:
        calls = ["load?version=1", "unload", "load?version=2", "unload"] * 2
        answers = list(pool.map(lambda call: repository(running, call), calls))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len(set(versions_of_all(running).values())) == 1
