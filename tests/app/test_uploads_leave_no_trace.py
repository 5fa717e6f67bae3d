"""What clients send is neither written to disk nor logged: a real process, whose folders and output are looked at."""

import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from pydicom import uid
from starlette.formparsers import MultiPartParser

from benchmarks.dicom.writing import SYNTAXES, dicom_file
from helpers.dicom_files import SECRET, broken_values, radiograph, with_patient, without_pixels
from helpers.pictures import noise_png

SECRET_NAME = "patient-4711-doe"
SECRET_TEXT = "Confidential: merger of Quuxcorp announced"


@dataclass(frozen=True)
class Process:
    """A service in empty folders."""

    popen: subprocess.Popen[bytes]
    address: str
    folders: tuple[Path, ...]


@pytest.fixture
def process(tiny_models: Path, tmp_path: Path) -> Iterator[Process]:
    folders = tuple(tmp_path / name for name in ("tmp", "cwd", "home"))
    for folder in folders:
        folder.mkdir()
    temporary, current, home = map(str, folders)
    environment = {
        **os.environ,
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), temporary),
        "HOME": home,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "QUARTET_LOG_LEVEL": "debug",
    }
    command = [sys.executable, "-m", "app.cli", "serve", "--port", "0", "--models", str(tiny_models)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, cwd=current
    ) as started:
        yield Process(started, _address(started), folders)
        started.kill()


def _address(started: subprocess.Popen[bytes]) -> str:
    assert started.stdout is not None
    for line in started.stdout:
        if ready := re.search(rb"Quartet is ready: http://localhost:(\d+)/docs", line):
            return f"http://127.0.0.1:{ready[1].decode()}"
    raise AssertionError("the service did not start")


def files_in(folders: tuple[Path, ...]) -> set[Path]:
    return {path for folder in folders for path in folder.rglob("*")}


def send_all(client: httpx.Client, picture: bytes) -> None:
    upload = (f"{SECRET_NAME}.png", picture, "image/png")
    for task in ("catdog", "pneumonia"):
        assert client.post(f"/predict/{task}", files={"file": upload}).status_code == 200
        assert client.post(f"/predict/{task}", content=picture).status_code == 200
        assert client.post(f"/predict/{task}/batch", files=[("files", upload)] * 5).status_code == 200
        broken = (f"{SECRET_NAME}.png", picture[: len(picture) // 2])
        assert client.post(f"/predict/{task}", files={"file": broken}).status_code == 422
        assert client.post(f"/explain/{task}", files={"file": upload}).status_code == 200
        assert client.post(f"/explain/{task}", content=picture).status_code == 200
    upload = (f"{SECRET_NAME}.txt", SECRET_TEXT.encode())
    for call in ("/predict/topic", "/explain/topic"):
        assert client.post(call, json={"text": SECRET_TEXT}).status_code == 200
        assert client.post(f"{call}?name={SECRET_NAME}", content=SECRET_TEXT.encode()).status_code == 200
        assert client.post(call, files={"file": upload}).status_code == 200
    assert client.post("/predict/topic/batch", json={"texts": [SECRET_TEXT] * 3}).status_code == 200
    assert client.post("/predict/topic", content=SECRET_TEXT.encode() + b"\xff").status_code == 415


def dicom_files() -> Iterator[tuple[int, bytes]]:
    """Files with the patient's name wherever a text may stand, some of them damaged, and their statuses."""
    for syntax in SYNTAXES:
        data = with_patient(syntax)
        assert (SECRET.encode() in data) is (syntax != uid.DeflatedExplicitVRLittleEndian)
        yield 200, data
        yield 422, data[: int(0.9 * len(data))]
        yield 415, with_patient(syntax, NumberOfFrames=2)
    for keyword in ("WindowCenter", "WindowWidth", "RescaleSlope"):
        yield 422, broken_values(keyword, SECRET.encode())
    text = {"PhotometricInterpretation": SECRET.upper()[:16], "VOILUTFunction": SECRET.upper()[:16]}
    for keyword, status in (("PhotometricInterpretation", 415), ("VOILUTFunction", 422)):
        yield status, dicom_file(radiograph(), **{keyword: "PLANTED"}).replace(b"PLANTED ", text[keyword][:8].encode())
    yield 415, without_pixels(uid.BasicTextSRStorage)
    yield 415, with_patient().replace(b"1.2.840.10008.1.2.1\0", SECRET.encode().ljust(20))


def test_what_a_dicom_file_says_of_the_patient_is_in_no_answer_and_in_no_log(process: Process) -> None:
    with httpx.Client(base_url=process.address, timeout=60) as client:
        for status, data in dicom_files():
            one = client.post("/predict/pneumonia", files={"file": (f"{SECRET_NAME}.dcm", data, "application/dicom")})
            explained = client.post("/explain/pneumonia", content=data)
            batch = client.post("/predict/pneumonia/batch", files=[("files", data), ("files", data)])
            assert (one.status_code, explained.status_code, batch.status_code) == (status, status, 200), one.text
            for answer in (one, explained, batch):
                assert not re.search(rb"planted|doe\^", answer.content, re.IGNORECASE)
    process.popen.send_signal(signal.SIGTERM)
    assert process.popen.stdout is not None
    log = process.popen.stdout.read()
    assert log.count(b'"POST /predict/pneumonia"') > 40
    assert not re.search(rb"planted|doe\^|pydicom|warning", log, re.IGNORECASE)


def test_uploads_leave_no_file_and_no_word_in_the_log(process: Process) -> None:
    picture = noise_png(1200)
    # Far beyond what a form parser keeps in memory by itself.
    assert len(picture) > 4 * MultiPartParser.spool_max_size
    with httpx.Client(base_url=process.address, timeout=60) as client:
        # The first explanation may write the graph for OpenVINO, and takes it away.
        client.post("/explain/catdog", content=picture)
        client.post("/explain/pneumonia", content=picture)
        before = files_in(process.folders)
        # A file that is written and removed would not be seen among the files: from here on, no file takes a byte.
        resource.prlimit(process.popen.pid, resource.RLIMIT_FSIZE, (0, 0))
        send_all(client, picture)
    assert files_in(process.folders) == before
    assert not any(SECRET_NAME in str(path) for path in before)
    process.popen.send_signal(signal.SIGTERM)
    assert process.popen.stdout is not None
    log = process.popen.stdout.read()
    assert log.count(b'"POST /predict/catdog"') == 3
    assert SECRET_NAME.encode() not in log
    for part in SECRET_TEXT.split():
        assert part.encode() not in log
    for start in range(0, len(picture) - 8, 4001):
        assert picture[start : start + 8] not in log
