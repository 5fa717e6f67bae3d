"""How a run uses a Ray cluster."""

from dataclasses import dataclass

MIB = 1024 * 1024

PICTURES_PER_BLOCK = 64
TEXTS_PER_BLOCK = 128
"""Rows of so many answers stay below 100 KB, which Ray sends to the process that asked for them
(`max_direct_call_object_size`); larger ones would stay on the machine that made them, and be lost with it."""

BLOCKS_PER_WORKER = 4
"""At least, while there are inputs enough: all workers then end at nearly the same time."""


@dataclass(frozen=True)
class ClusterPlan:
    """How a run uses a cluster.

    `address` is `HOST:PORT` or `auto`; without one a cluster is started on this machine, with an object store of
    `store_bytes`, and stopped in the end. `workers` are the least and the most processes, as many as there are CPUs for
    unless set; each loads the model, reads and answers on `threads` threads, and has `readers` more that fetch content
    ahead of these. `block` inputs are the most that a worker takes at a time. A block whose worker dies is tried
    again until nothing has come back for `patience` seconds.
    """

    address: str | None
    workers: tuple[int, int] | None
    threads: int
    readers: int
    block: int
    patience: int
    store_bytes: int

    def worker_range(self, cpus: float) -> tuple[int, int]:
        """Return the least and the most workers on a cluster of so many CPUs."""
        fitting = max(1, int(cpus // self.threads))
        return self.workers or (fitting, fitting)

    def block_size(self, inputs: int, workers: int) -> int:
        """Return how many inputs a worker takes at a time: `block`, or fewer so that each gets its share."""
        return max(1, min(self.block, -(-inputs // (workers * BLOCKS_PER_WORKER))))
