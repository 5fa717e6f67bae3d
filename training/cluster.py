"""The workers that train one model together, as TF_CONFIG or the command line names them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import ConfigurationError

ADDRESS = re.compile(r"(?P<host>[^\s:/]+|\[[0-9A-Fa-f:.]+\]):(?P<port>\d{1,5})")
EXAMPLE = '{"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}'
ROLES = ("chief", "worker")


@dataclass(frozen=True)
class Cluster:
    """Who trains, and which of them this process is.

    `addresses` has each role's "host:port"s. Without a chief of its own a cluster's first worker is the chief.
    """

    addresses: dict[str, tuple[str, ...]]
    role: str
    index: int

    @property
    def everyone(self) -> tuple[str, ...]:
        """All addresses, the chief's first."""
        return tuple(address for role in ROLES for address in self.addresses.get(role, ()))

    @property
    def rank(self) -> int:
        """Where this process is among all; the chief is 0."""
        return self.index if self.role == ROLES[0] else len(self.addresses.get(ROLES[0], ())) + self.index

    @property
    def others(self) -> tuple[str, ...]:
        """All addresses but this process's."""
        return tuple(address for rank, address in enumerate(self.everyone) if rank != self.rank)


def find_cluster(addresses: str, index: int | None, environment: Mapping[str, str]) -> Cluster | None:
    """Return the cluster of `--distribute ADDRESSES --worker INDEX`, or else of TF_CONFIG, or None where neither is.

    TF_CONFIG is TensorFlow's own (https://www.tensorflow.org/guide/distributed_training#setting_up_the_tf_config_environment_variable).

    Raises:
        ConfigurationError: what is given is not a cluster that can train, or both are given.
    """
    config = environment.get("TF_CONFIG")
    if not addresses:
        if index is not None:
            raise ConfigurationError("--worker INDEX goes with --distribute HOST:PORT,HOST:PORT,...")
        return _from_tf_config(config) if config else None
    if config:
        raise ConfigurationError("TF_CONFIG is set, and --distribute has addresses: leave out one of them")
    if index is None:
        raise ConfigurationError(
            "--distribute HOST:PORT,HOST:PORT,... needs --worker INDEX: 0 on the first of them, 1 on the next"
        )
    return _checked({"worker": addresses.split(",")}, "worker", index, "--distribute")


def _from_tf_config(text: str) -> Cluster:
    try:
        config = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"TF_CONFIG is not JSON ({error}): it should be like {EXAMPLE}") from error
    try:
        roles, role, index = config["cluster"], config["task"]["type"], config["task"]["index"]
    except (KeyError, TypeError) as error:
        raise ConfigurationError(f"TF_CONFIG lacks its cluster, or its task's type or index: {EXAMPLE}") from error
    if not isinstance(roles, dict):
        raise ConfigurationError(f"TF_CONFIG's cluster should have a list of addresses for each role: {EXAMPLE}")
    return _checked(roles, role, index, "TF_CONFIG")


def _checked(roles: dict[str, Any], role: Any, index: Any, where: str) -> Cluster:
    """Return the cluster if it can train; `where` says who named it."""
    for unused in roles.keys() - {*ROLES}:
        raise ConfigurationError(f"{where} has tasks of type {unused!r}: only chief and worker train here")
    for name, addresses in roles.items():
        if not isinstance(addresses, list):
            raise ConfigurationError(f"{where}: the addresses of {name!r} are not a list")
        for address in addresses:
            found = ADDRESS.fullmatch(address) if isinstance(address, str) else None
            if not found or not 0 < int(found["port"]) < 65536:
                raise ConfigurationError(f"{where}: {address!r} is not HOST:PORT")
    cluster = Cluster({name: tuple(roles[name]) for name in ROLES if roles.get(name)}, role, index)
    if len(set(cluster.everyone)) < len(cluster.everyone):
        raise ConfigurationError(f"{where} has an address twice: each worker needs its own")
    if len(cluster.addresses.get(ROLES[0], ())) > 1:
        raise ConfigurationError(f"{where} has more than one chief")
    count = len(cluster.addresses.get(role, ())) if isinstance(role, str) else 0
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < count:
        raise ConfigurationError(f"{where}: there is no task {index!r} of type {role!r} among {cluster.addresses}")
    return cluster
