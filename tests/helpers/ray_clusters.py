"""A Ray cluster of two machines, each of them processes of their own on this one, for tests that kill one."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from helpers.services import processes

# In a process of its own: Ray leaves sockets open, which are errors in one that tests. A machine that refuses
# connections is dead within a second, not only after a quarter of a minute.
PROGRAM = """
import json, sys
from ray.cluster_utils import Cluster

health = {"health_check_initial_delay_ms": 500, "health_check_period_ms": 300, "health_check_failure_threshold": 2}
options = {"num_cpus": 1, "object_store_memory": 100 * 1024 * 1024}
head = {**options, "include_dashboard": False, "temp_dir": sys.argv[1], "_system_config": health}
cluster = Cluster(initialize_head=True, head_node_args=head)
try:
    second = cluster.add_node(**options)
    print(json.dumps([cluster.address, second.all_processes["raylet"][0].process.pid]), flush=True)
    sys.stdin.read()
finally:
    cluster.shutdown()
"""


@dataclass(frozen=True)
class TwoMachines:
    """The cluster: where it is joined, and the process that is its second machine's heart."""

    address: str
    raylet: int

    @property
    def second_answers(self) -> bool:
        """Whether a worker of the second machine is at a block."""
        return any(parent == self.raylet and ".submit" in command for _, parent, command in processes())

    def kill_the_second(self) -> None:
        """Kill the second machine as if it lost its power; its workers go with it."""
        os.kill(self.raylet, signal.SIGKILL)


@contextmanager
def two_machines() -> Iterator[TwoMachines]:
    """Start two machines of one CPU each, and stop them in the end."""
    # Paths of sockets are short: 107 bytes, of which Ray uses 70.
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
    words = [sys.executable, "-c", PROGRAM, folder]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    try:
        with subprocess.Popen(words, text=True, **pipes) as process:
            said = next((line for line in process.stdout if line.startswith("[")), "")
            assert said, "the cluster did not start"
            try:
                yield TwoMachines(*json.loads(said))
            finally:
                process.communicate(timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
