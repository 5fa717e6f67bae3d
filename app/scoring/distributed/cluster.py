"""A Ray cluster: joined, or started on this machine and stopped in the end, and not heard of."""

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RaySystemError

from app.cores import available_cores
from app.errors import ConfigurationError

LOCAL = "local"
CLIENT = "ray://"


@contextmanager
def connected(address: str | None, store_bytes: int) -> Iterator[None]:
    """Be connected to a cluster until the end of the block.

    Args:
        address: `HOST:PORT`, or `auto` for the one that this machine belongs to; None starts one here.
        store_bytes: object store of one that is started.

    Raises:
        ConfigurationError: there is no cluster at the address.
    """
    if address is not None and address.startswith(CLIENT):
        raise ConfigurationError(
            f"--ray-address {address}: Ray Data needs a machine of the cluster. Run there, with HOST:PORT or auto, or "
            "submit the command as a Ray job"
        )
    _be_quiet()
    starts = not address
    # Ray puts its own in their place.
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    # Of each worker that died Ray prints pages, on standard output.
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        try:
            with _without_stderr():
                ray.init(
                    address or LOCAL,
                    num_cpus=available_cores() if starts else None,
                    object_store_memory=store_bytes if starts else None,
                    include_dashboard=False if starts else None,
                    log_to_driver=False,
                    configure_logging=False,
                )
        except (ConnectionError, RaySystemError, ValueError, RuntimeError) as error:
            raise ConfigurationError(f"no Ray cluster at {address or 'this machine'}: {error}") from error
        try:
            yield
        finally:
            ray.shutdown()
            for number, handler in before.items():
                signal.signal(number, handler)


def cluster_cpus() -> tuple[float, float]:
    """Return the CPUs of the whole cluster, and those of the machine that has most."""
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    each = [node["Resources"].get("CPU", 0.0) for node in nodes if node["Alive"]]
    return sum(each), max(each, default=0.0)


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Let nobody write on standard error. Of `RAY_BACKEND_LOG_LEVEL` Ray's C++ writes there that it was set."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _be_quiet() -> None:
    """Let Ray say only what ends a run, and that as the exception it raises; its own log files have the rest."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
