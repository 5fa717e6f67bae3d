"""The service writes its log and, for a first explanation, a temporary folder: a full disk stops no answer."""

import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from helpers.pictures import png
from helpers.service_process import MODELS, ServiceProcess, running_service

PICTURE = png("RGB", (30, 30), (220, 30, 30))


def answered(service: ServiceProcess) -> httpx.Response:
    return httpx.post(f"{service.address}/predict/catdog", content=PICTURE, timeout=30)


def explained(service: ServiceProcess, task: str = "catdog") -> httpx.Response:
    return httpx.post(f"{service.address}/explain/{task}", content=PICTURE, timeout=30)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of its own that has no room left."""
    folder = tmp_path / "full"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system can be mounted by root alone")
    try:
        with pytest.raises(OSError, match="No space left"):
            (folder / "filler").write_bytes(bytes(1_000_000))
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_with_a_full_disk_answers_and_explanations_come_as_before(tmp_path: Path, full_disk: Path) -> None:
    with running_service(MODELS, tmp_path, {"TMPDIR": str(full_disk), "HOME": str(full_disk)}) as service:
        assert answered(service).status_code == 200
        assert explained(service).headers["content-type"] == "image/png"


def test_where_no_file_can_be_written_explanations_say_so_until_they_can(tmp_path: Path) -> None:
    with running_service(MODELS, tmp_path) as service:
        assert explained(service).status_code == 200
        service.limit(resource.RLIMIT_FSIZE, 0)
        # Not even the log can be.
        assert answered(service).status_code == 200
        assert explained(service).status_code == 200
        unprepared = explained(service, "pneumonia")
        assert (unprepared.status_code, unprepared.json()["type"]) == (503, "/problems/files-unavailable")
        assert unprepared.headers["retry-after"] == "30"
        assert httpx.get(f"{service.address}/health/ready").status_code == 200
        service.limit(resource.RLIMIT_FSIZE, resource.RLIM_INFINITY)
        assert explained(service, "pneumonia").status_code == 200
