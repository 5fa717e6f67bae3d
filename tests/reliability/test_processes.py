"""Several processes that serve one port, killed as an out-of-memory killer or an operator would."""

import os
import signal
import socket
import time
from pathlib import Path

from helpers.loads import load
from helpers.services import clients_of, service, wait_until

TEXT = b"Oil prices rose after OPEC agreed to cut output."
CLIENTS = 12


def test_a_killed_process_is_replaced_and_costs_no_more_than_it_held(models: Path, tmp_path: Path) -> None:
    with service(models, tmp_path / "log", "--processes", "2") as running:
        before = running.serving_processes()
        assert len(before) == 2
        with load(running.address, "/predict/topic", TEXT, CLIENTS) as requests:
            wait_until(lambda: len(requests) > 100 and sum(len(clients_of(pid)) for pid in before) == CLIENTS, 30)
            victim = max(before, key=lambda pid: len(clients_of(pid)))
            held = clients_of(victim)
            others = set().union(*(clients_of(pid) for pid in before)) - held
            killed = time.monotonic()
            os.kill(victim, signal.SIGKILL)
            wait_until(lambda: len(running.serving_processes() - {victim}) == 2, 5)
            wait_until(lambda: running.log.read_text().count("Application startup complete") == 3, 30)
            until = len(requests) + 100
            wait_until(lambda: len(requests) > until, 30)
        failed = [request for request in requests if request.status != 200]
        # Until it is torn down, the kernel gives it new connections, which fail too.
        assert all(request.status is None and killed <= request.ended < killed + 2 for request in failed)
        assert not others & {request.port for request in failed}
        assert held <= {request.port for request in requests}
        # The other one answered all the while.
        ends = sorted(request.ended for request in requests if request.status == 200 and request.ended > killed)
        assert max(later - earlier for earlier, later in zip([killed, *ends], ends, strict=False)) < 2
        assert running.process.poll() is None
        assert running.log.read_text().count("Quartet is ready") == 1


def test_all_end_and_the_port_is_free_once_their_supervisor_is_killed(models: Path, tmp_path: Path) -> None:
    with service(models, tmp_path / "log", "--processes", "2") as running:
        under = running.serving_processes()
        running.process.kill()
        running.process.wait()
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in under), 5)
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", int(running.address.rpartition(":")[2])))
