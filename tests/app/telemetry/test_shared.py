"""Several processes behind one port: a scrape, which reaches one of them, tells of all."""

import os
import shutil
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from app.access.keys import new_key
from app.errors import ConfigurationError
from app.telemetry.shared import shared_folder
from helpers.pictures import jpeg
from helpers.scraping import Scrape, scrape
from helpers.services import Service, service, wait_until

PICTURE = jpeg((60, 60), (220, 30, 30))
REQUESTS = {"name": "quartet_request_duration_seconds_count", "task": "catdog"}


def ask(running: Service, times: int) -> None:
    for _ in range(times):
        # A new connection each time: the kernel shares them out.
        assert httpx.post(f"{running.address}/predict/catdog", content=PICTURE, timeout=30).status_code == 200


def started(found: Scrape) -> dict[str, float]:
    """Return when each process was started, by its number."""
    return {labels["process"]: value for labels, value in found.samples("process_start_time_seconds")}


def scrapes(running: Service, count: int = 12) -> list[Scrape]:
    return [scrape(running.address) for _ in range(count)]


def test_a_scrape_tells_of_all_processes_and_forgets_nothing_when_one_is_killed(
    tiny_models: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "metrics"
    folder.mkdir()
    # Without texts a process starts sooner: nothing else needs TensorFlow here.
    models = tmp_path / "models"
    for task in ("digit", "catdog"):
        shutil.copytree(tiny_models / task, models / task)
    key = new_key()
    settings = {"metrics_dir": folder, "workers": 1, "admin_key_sha256": sha256(key.encode()).hexdigest()}
    with service(models, tmp_path / "log", "--processes", "2", **settings) as running:
        ask(running, 20)
        before = scrapes(running)
        assert {found.value(**REQUESTS, status="200") for found in before} == {20}
        assert {found.value("quartet_predictions_total", label="cat") for found in before} == {20}
        assert {found.value("quartet_queue_capacity", task="catdog") for found in before} == {2 * (1 + 256)}
        assert {found.value("quartet_model_available", task="catdog") for found in before} == {1}
        assert {len(list(found.samples("quartet_model_info", task="catdog"))) for found in before} == {1}
        processes = [started(found) for found in before]
        assert {tuple(sorted(one)) for one in processes} == {("0", "1")}
        [files] = [set(os.listdir(one)) for one in folder.iterdir()]

        children = running.serving_processes()
        os.kill(min(children), signal.SIGKILL)
        wait_until(lambda: running.log.read_text().count("Application startup complete") == 3, 90)
        assert len(running.serving_processes() - children) == 1
        after = scrape(running.address)
        assert after.value(**REQUESTS, status="200") == 20
        assert after.value("quartet_requests_in_progress") == 1
        ask(running, 10)
        assert {found.value(**REQUESTS, status="200") for found in scrapes(running)} == {30}
        assert {found.value("quartet_model_available", task="catdog") for found in scrapes(running, 3)} == {1}
        assert len(started(after).items() ^ processes[0].items()) == 2
        # It counts on in the files of the one whose place it took.
        assert {name for one in folder.iterdir() for name in os.listdir(one)} == files
        unload = f"{running.address}/v2/repository/models/digit/unload"
        assert httpx.post(unload, headers={"Authorization": f"Bearer {key}"}, timeout=30).status_code == 200
        for found in scrapes(running, 3):
            assert list(found.samples("quartet_model_available", task="digit")) == []
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(30) == 0
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(ConfigurationError, match=r"cannot be kept in .*file: .*Set QUARTET_METRICS_DIR"),
        shared_folder(tmp_path / "file"),
    ):
        pass


def test_folders_of_supervisors_that_were_killed_are_removed_by_the_next_and_those_in_use_are_not(
    tmp_path: Path,
) -> None:
    script = (
        "import os, pathlib, sys, app.telemetry.shared as shared\n"
        "with shared.shared_folder(pathlib.Path(sys.argv[1])):\n    os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, tmp_path], check=False)
    [left] = tmp_path.iterdir()
    (tmp_path / "something-else").mkdir()
    with shared_folder(tmp_path) as one, shared_folder(tmp_path) as other:
        assert one.is_dir()
        assert other.is_dir()
        assert not left.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["something-else"]
