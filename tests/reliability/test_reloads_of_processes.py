"""A reload that is asked of one of several processes, with real ones."""

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


def versions_of_all(running: Service) -> dict[int, int]:
    """Ask until every process has answered. Returns each process's version."""
    host, port = running.address.removeprefix("http://").split(":")
    processes, found = running.serving_processes(), {}
    for _ in range(200):
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        with closing(connection):
            connection.request("POST", "/predict/pneumonia", PICTURE)
            version = json.load(connection.getresponse())["model"]["version"]
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
    victim = next(iter(running.serving_processes()))
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: running.log.read_text().count("Application startup complete") == 3, 30)
    after = versions_of_all(running)
    assert victim not in after
    assert list(after.values()) == [1, 1]
