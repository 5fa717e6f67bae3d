"""The options of `quartet score` that say on which machines it runs, and the plan that they stand for."""

import argparse
import os

from app.commands.parsing import positive_int
from app.errors import ConfigurationError
from app.scoring.distributed.plan import MIB, PICTURES_PER_BLOCK, TEXTS_PER_BLOCK, ClusterPlan

LOCAL, RAY = "local", "ray"
ADDRESS = "RAY_ADDRESS"
PATIENCE = 600
STORE_MIB = 512


def add_cluster_options(parser: argparse.ArgumentParser) -> None:
    """Add where a run runs."""
    group = parser.add_argument_group(
        "several machines",
        "With --engine ray the inputs are answered by Ray Data on the machines of a cluster, which must reach them "
        "under the same paths or addresses and have Quartet installed; the model is sent to them. The results are "
        "written here.",
    )
    group.add_argument(
        "--engine", choices=(LOCAL, RAY), default=LOCAL, help="where inputs are answered (default: this process)"
    )
    group.add_argument(
        "--ray-address",
        metavar="ADDRESS",
        help=f"HOST:PORT of a cluster, auto for the one that this machine belongs to (default: {ADDRESS}, or a cluster "
        "of this machine alone, started and stopped)",
    )
    group.add_argument(
        "--ray-workers",
        type=worker_range,
        metavar="MIN[:MAX]",
        help="processes that answer, as many as are busy between two numbers (default: the cluster's CPUs divided by "
        "--ray-threads)",
    )
    group.add_argument(
        "--ray-threads",
        type=positive_int,
        metavar="N",
        help="threads, and CPUs, of each worker; each worker has the model in memory once (default: 1)",
    )
    group.add_argument(
        "--ray-block",
        type=positive_int,
        metavar="N",
        help=f"most inputs that a worker takes at a time (default: {PICTURES_PER_BLOCK}, of topics {TEXTS_PER_BLOCK})",
    )
    group.add_argument(
        "--ray-patience",
        type=positive_int,
        metavar="SECONDS",
        help="a block whose worker or machine died is tried again; once nothing has come back for so long the run ends "
        f"and says what is left (default: {PATIENCE})",
    )
    group.add_argument(
        "--ray-store",
        type=positive_int,
        metavar="MIB",
        help=f"object store of a cluster that is started here, in MiB; beyond it names are kept on the disk (default: "
        f"{STORE_MIB})",
    )


def cluster_plan_of(options: argparse.Namespace, readers: int, kind: str) -> ClusterPlan | None:
    """Return how a cluster is used, None for a run in this process.

    Args:
        options: of the command.
        readers: threads of each worker that fetch content.
        kind: of the task, `text` or `image`.

    Raises:
        ConfigurationError: the options do not fit together.
    """
    given = [name for name in ("address", "workers", "threads", "block", "patience", "store") if _of(options, name)]
    if options.engine != RAY:
        if given:
            raise ConfigurationError(f"--ray-{given[0]} needs --engine {RAY}")
        return None
    if options.dicomweb is not None:
        raise ConfigurationError(f"--dicomweb: a server's radiographs are fetched by one machine; leave --engine {RAY}")
    return ClusterPlan(
        options.ray_address or os.environ.get(ADDRESS) or None,
        options.ray_workers,
        options.ray_threads or 1,
        readers,
        options.ray_block or (TEXTS_PER_BLOCK if kind == "text" else PICTURES_PER_BLOCK),
        options.ray_patience or PATIENCE,
        (options.ray_store or STORE_MIB) * MIB,
    )


def worker_range(text: str) -> tuple[int, int]:
    """Return the least and the most workers of `MIN:MAX`, or of one number.

    Raises:
        ArgumentTypeError: they are none.
    """
    first, _, second = text.partition(":")
    least = positive_int(first)
    most = positive_int(second) if second else least
    if most < least:
        raise argparse.ArgumentTypeError(f"{text!r}: the most are fewer than the least")
    return least, most


def _of(options: argparse.Namespace, name: str) -> object:
    return getattr(options, f"ray_{name}")
