"""The processes that train one model together, over TensorFlow's collective operations."""

import contextlib
import re
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from app.errors import ConfigurationError
from training.cluster import Cluster
from training.run import RunError

JOIN_SECONDS = 600
"""So long a worker waits for the others to start."""
POLL_SECONDS = 0.5
GRAPH_NODE = re.compile(r"\{\{.*?\}\} ?")
"""What TensorFlow puts before a message: the operation that failed."""
COLLECTIVE = "Collective ops"
"""What TensorFlow's message names where operations between workers failed."""
LOSSES = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
)


class Workers:
    """A `tf.distribute` strategy and what its workers tell each other. Each must make the same calls in one order."""

    def __init__(self, strategy: Any, addresses: Sequence[str], rank: int):
        """Take the strategy, all workers' addresses, the chief's first, and which of them this one is."""
        self.strategy, self.addresses, self.rank = strategy, tuple(addresses), rank

    @property
    def is_chief(self) -> bool:
        """Whether this worker calibrates, measures and writes what is kept."""
        return self.rank == 0

    @property
    def replicas(self) -> int:
        """How many copies of the model there are on all workers: one for each GPU, or one a worker."""
        return int(self.strategy.num_replicas_in_sync)

    def describe(self, device: str) -> str:
        """Say what a run computes on whose chief computes on this device."""
        return f"{len(self.addresses)} workers with {self.replicas} copies of the model, the chief's on {device}"

    @contextlib.contextmanager
    def noticing_lost_ones(self) -> Iterator[None]:
        """Turn the failure of a collective operation into an error that says what to do.

        On one machine nobody can be lost, and what fails is a defect.

        Raises:
            RunError: another worker has ended or cannot be reached any more.
        """
        try:
            yield
        except LOSSES as error:
            # An internal error may be the processor's or the GPU's own as well.
            internal = isinstance(error, tf.errors.InternalError) and COLLECTIVE not in error.message
            if len(self.addresses) == 1 or internal:
                raise
            reason = GRAPH_NODE.sub("", error.message.partition("\n")[0]).rstrip(":")
            raise RunError(
                f"another worker has ended or cannot be reached ({reason}): see what it says, then start the same "
                "command with --resume on every worker, to go on from the last whole epoch"
            ) from error

    def sum(self, values: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """Return each array summed over the workers.

        Raises:
            RunError: a worker is gone.
        """
        local = self.replicas // len(self.addresses)

        def own(value: NDArray[Any], replica: int) -> Any:
            return tf.constant(value if replica % local == 0 else np.zeros_like(value))

        def total(parts: Any) -> Any:
            # What only passes through has no device, by which the strategy knows whose it is.
            reduce = tf.distribute.get_replica_context().all_reduce
            return [reduce(tf.distribute.ReduceOp.SUM, tf.identity(part)) for part in parts]

        with self.noticing_lost_ones():
            parts = self.strategy.experimental_distribute_values_from_function(
                lambda context: [own(value, context.replica_id_in_sync_group) for value in values]
            )
            graph = tf.function(lambda: self.strategy.run(total, (parts,)), autograph=False)
            sums = graph.get_concrete_function()()
            return [np.asarray(self.strategy.experimental_local_results(one)[0]) for one in sums]

    def from_chief(self, values: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """Return the chief's arrays on every worker; the others' give only dtypes and shapes."""
        return self.sum([value if self.is_chief else np.zeros_like(value) for value in values])

    def text_from_chief(self, text: str) -> str:
        """Return the chief's text on every worker."""
        (size,) = self.from_chief([np.array(len(text.encode()), np.int32)])
        letters = np.frombuffer(text.encode(), np.uint8) if self.is_chief else np.zeros(int(size), np.uint8)
        (received,) = self.from_chief([letters.astype(np.int32)])
        return received.astype(np.uint8).tobytes().decode()


def join(cluster: Cluster) -> Workers:
    """Wait for all workers of a cluster, and return them. To be called before TensorFlow computes anything.

    The chief's start is waited for here, where a worker can still say what it waits for. After that TensorFlow
    waits inside one call that no Python code can end, so an alarm ends the process if it takes too long.

    Raises:
        RunError: the chief cannot be reached in time.
    """
    print(f"waiting at most {JOIN_SECONDS} s for {', '.join(cluster.others)}", flush=True)
    if cluster.rank > 0:
        _wait_for(cluster.everyone[0])
    spec = tf.train.ClusterSpec({role: list(addresses) for role, addresses in cluster.addresses.items()})
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        spec, task_type=cluster.role, task_id=cluster.index, rpc_layer="grpc"
    )
    with _ended_by_alarm():
        strategy = tf.distribute.MultiWorkerMirroredStrategy(resolver)
    return Workers(strategy, cluster.everyone, cluster.rank)


def use_all_gpus(devices: Sequence[str] | None = None) -> Workers:
    """Return one worker, the chief, with a copy of the model on each GPU of this machine, or on each given device.

    Raises:
        ConfigurationError: there are no two GPUs.
    """
    gpus = len(tf.config.get_visible_devices("GPU"))
    if devices is None and gpus < 2:
        raise ConfigurationError(
            f"there is nothing to distribute over: TF_CONFIG is not set, and TensorFlow sees {gpus} GPUs here. Set "
            "TF_CONFIG on each machine, or pass --distribute HOST:PORT,HOST:PORT,... --worker INDEX"
        )
    return Workers(tf.distribute.MirroredStrategy(devices), ("this machine",), 0)


def _wait_for(address: str) -> None:
    host, _, port = address.rpartition(":")
    end = time.monotonic() + JOIN_SECONDS
    while True:
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
        except OSError as error:
            if time.monotonic() > end:
                raise RunError(f"the chief, {address}, cannot be reached: {error}") from error
            time.sleep(POLL_SECONDS)
        else:
            return


@contextlib.contextmanager
def _ended_by_alarm() -> Iterator[None]:
    """End the process at once on Ctrl-C, or if the block takes too long; keep SIGTERM's handler.

    TensorFlow sets its own handler, which only takes note of the signal.
    """
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)}
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(JOIN_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        for number, handler in kept.items():
            signal.signal(number, handler)
