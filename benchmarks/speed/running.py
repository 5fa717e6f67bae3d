"""Starts a contender in a process group of its own, waits until it answers, and ends the whole group."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.contenders import SERVERS, Contender

PROJECT = Path(__file__).parents[2]
START_SECONDS = 90
END_SECONDS = 15


class ContenderError(Exception):
    """A contender that cannot be installed, started or asked. `str(error)` says why."""


@dataclass(frozen=True)
class Running:
    """A contender that answers: where, how long it took to, and its processes' group."""

    port: int
    ready_seconds: float
    group: int

    def resident_bytes(self) -> int:
        """Return the memory of all its processes, pages that they share counted once (proportional set size)."""
        return sum(_proportional_bytes(process) for process in _members(self.group))

    def cpu_seconds(self) -> float:
        """Return the processor time that its processes, those that live, have used."""
        return sum(_cpu_seconds(process) for process in _members(self.group))


def environment_of(contender: Contender, folder: Path) -> Path:
    """Return the `bin` folder of a contender's virtual environment, which is made on the first call.

    Raises:
        ContenderError: its packages cannot be installed.
    """
    if not contender.packages:
        return Path(sys.executable).parent
    target = folder / contender.name
    if not (target / "installed").exists():
        python = target / "bin" / "python"
        for command in (
            [sys.executable, "-m", "uv", "venv", "--quiet", "--clear", "--python", sys.executable, str(target)],
            [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python), *contender.packages],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise ContenderError(f"{contender.name} cannot be installed: {done.stderr.strip()[-600:]}")
        (target / "installed").touch()
    return target / "bin"


@contextmanager
def running(contender: Contender, model: Path, body: bytes, environments: Path) -> Iterator[Running]:
    """Run a contender until the block ends; it has answered one request with 200 when it begins.

    Raises:
        ContenderError: it does not answer in time, or ends.
    """
    port = _free_port()
    known = {"bin": str(environment_of(contender, environments)), "port": str(port), "next_port": str(_free_port())}
    variables = {name: value.format(**known) for name, value in contender.environment.items()}
    # The service of this checkout, wherever the environment has it installed from.
    paths = (SERVERS,) if contender.packages else (SERVERS, PROJECT)
    ours = {
        "BENCH_MODEL": str(model),
        "BENCH_PORT": str(port),
        "BENCH_BATCH": "8",
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "QUARTET_MODELS_DIR": str(model.parents[1]),
    }
    log = environments / f"{contender.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            [part.format(**known) for part in contender.command],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **ours, **variables},
            cwd=SERVERS,
            start_new_session=True,
        )
        try:
            _wait_until_answered(process, port, contender.ask(body), log)
            yield Running(port, time.perf_counter() - started, process.pid)
        finally:
            _end(process)


def _wait_until_answered(process: "subprocess.Popen[bytes]", port: int, request: bytes, log: Path) -> None:
    until = time.perf_counter() + START_SECONDS
    answer = "none"
    while (left := until - time.perf_counter()) > 0 and process.poll() is None:
        answer = _first_line(port, request, left)
        if answer.startswith(("HTTP/1.1 200", "HTTP/1.0 200")):
            return
        time.sleep(0.05)
    ended = f"ended with {process.returncode}" if process.returncode is not None else f"waited {START_SECONDS} s"
    raise ContenderError(f"does not answer: {ended}, last answer {answer}; {_tail(log)}")


def _first_line(port: int, request: bytes, seconds: float) -> str:
    """Send a request and return the answer's first line, or why there is none."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
            connection.sendall(request)
            with connection.makefile("rb") as answer:
                return answer.readline().decode(errors="replace").strip()
    except OSError as error:
        return f"none ({error})"


def _tail(log: Path) -> str:
    return " ".join(log.read_text(errors="replace").split())[-600:]


def _end(process: "subprocess.Popen[bytes]") -> None:
    # Ray's own processes lie in sessions of their own: what the contender started is looked up before it ends.
    started = _members(process.pid)
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_SECONDS)
    for member in started:
        with suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _members(group: int) -> list[int]:
    """Return the processes whose parents lead to the group's leader."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = {group}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found)


def _cpu_seconds(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _proportional_bytes(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
