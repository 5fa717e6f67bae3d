"""A Ray cluster of two machines, each of them processes of their own on this one, for tests that kill one."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any

from helpers.services import processes

STORE_BYTES = 100 * 1024 * 1024

# A machine that refuses connections is dead within a second, not only after a quarter of a minute.
IMPATIENT = {"health_check_initial_delay_ms": 500, "health_check_period_ms": 300, "health_check_failure_threshold": 2}


class TwoMachines:
    """The cluster: where it is joined, and its second machine, which dies as if it lost its power."""

    def __init__(self, cluster: Any, second: Any) -> None:
        self._cluster = cluster
        self._second = second
        self.address: str = cluster.address

    @property
    def second_answers(self) -> bool:
        """Whether a worker of the second machine is at a block."""
        raylet = self._second.all_processes["raylet"][0].process.pid
        return any(parent == raylet and ".submit" in command for _, parent, command in processes())

    def kill_the_second(self) -> None:
        """Kill the processes of the second machine with SIGKILL; its workers go with them."""
        self._cluster.remove_node(self._second, allow_graceful=False)


@contextmanager
def two_machines() -> Iterator[TwoMachines]:
    """Start two machines of one CPU each, and stop them in the end."""
    from ray.cluster_utils import Cluster

    # Paths of sockets are short: 107 bytes, of which Ray uses 70.
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
    options = {"num_cpus": 1, "object_store_memory": STORE_BYTES}
    head = {**options, "include_dashboard": False, "temp_dir": folder, "_system_config": IMPATIENT}
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        second = cluster.add_node(**options)
        yield TwoMachines(cluster, second)
    finally:
        cluster.shutdown()
        shutil.rmtree(folder, ignore_errors=True)
