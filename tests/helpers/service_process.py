"""The service as a process of its own, whose memory, time and limits a test can see and set. For Linux."""

import os
import resource
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from helpers.services import READY, service

PROJECT = Path(__file__).parents[2]
MODELS = PROJECT / "models"


@dataclass(frozen=True)
class ServiceProcess:
    """A service that answers: its address, `http://127.0.0.1:PORT`, its process and its log."""

    address: str
    process: "subprocess.Popen[bytes]"
    log_file: Path

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    @property
    def log(self) -> str:
        """All that it has logged, warnings and worse, without its line that it is ready."""
        return READY.sub("", self.log_file.read_text(errors="replace")).strip()

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def resident_kib(self) -> int:
        """Its resident memory."""
        return int(self._proc("statm").split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024

    def cpu_seconds(self) -> float:
        """The processor time that it has used."""
        fields = self._proc("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def open_files(self) -> int:
        """How many file handles it holds."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def limit(self, what: int, most: int) -> None:
        """Bound a resource of the running process, `resource.RLIMIT_...`."""
        _, hard = resource.prlimit(self.process.pid, what)
        resource.prlimit(self.process.pid, what, (most, hard))

    def _proc(self, name: str) -> str:
        return Path(f"/proc/{self.process.pid}/{name}").read_text()


@contextmanager
def running_service(
    models: Path, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[ServiceProcess]:
    """Serve a models folder on a free port until the block ends; the log is kept in `folder`."""
    log = folder / "service.log"
    with service(models, log, environment=environment, log_level="warning") as started:
        yield ServiceProcess(started.address, started.process, log)
        started.process.terminate()
        started.process.wait(20)
