"""Orthanc, a DICOM server, with its DICOMweb plugin, on free ports; its storage is in a folder of the test."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from helpers.services import wait_until

PLUGIN = "libOrthancDicomWeb.so"
PLUGINS = [path for path in (Path("/usr/share/orthanc/plugins"), Path("/usr/lib/orthanc")) if (path / PLUGIN).exists()]
PROGRAM = shutil.which("Orthanc", path="/usr/sbin:/usr/bin:/usr/local/bin")
MISSING = (
    None if PROGRAM and PLUGINS else "Orthanc and its DICOMweb plugin are not installed (orthanc, orthanc-dicomweb)"
)
USER, PASSWORD = "reader", "secret-word"


@contextmanager
def orthanc(folder: Path, *, with_password: bool = False) -> Iterator[str]:
    """Start Orthanc until the block ends, and give its address, `http://127.0.0.1:PORT`."""
    assert PROGRAM, MISSING
    folder.mkdir(parents=True, exist_ok=True)
    [http_port, dicom_port] = _free_ports(2)
    settings = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "HttpPort": http_port,
        "DicomPort": dicom_port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": with_password,
        "RegisteredUsers": {USER: PASSWORD},
        "Plugins": [str(PLUGINS[0] / PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "EnableWado": False},
    }
    configuration = folder / "orthanc.json"
    configuration.write_text(json.dumps(settings))
    address, log = f"http://127.0.0.1:{http_port}", folder / "orthanc.log"
    with (
        log.open("w") as log_file,
        subprocess.Popen([PROGRAM, str(configuration)], stdout=log_file, stderr=subprocess.STDOUT) as process,
    ):
        try:
            wait_until(lambda: process.poll() is not None or _answers(address), 60)
            assert process.poll() is None, log.read_text()
            yield address
        finally:
            process.kill()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/system", auth=(USER, PASSWORD)).status_code == 200
    except httpx.TransportError:
        return False


def _free_ports(count: int) -> list[int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports
