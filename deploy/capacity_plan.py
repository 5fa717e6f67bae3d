"""`python -m deploy.capacity_plan`: how many machines answer so many pictures a second, and what that costs.

All that was measured, or depends on where it runs, is an option; the defaults are those of docs/scaling.md. Prices and
availabilities are assumptions: put in your own.
"""

import argparse
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Needs:
    """What is asked for, what one machine does, and what may fail.

    `rate`: pictures a second at the busiest time. `core_rate`: pictures a second that one core answers. `front_ms`:
    milliseconds of a core that forwarding a picture takes before it reaches the core that answers it. `utilisation`:
    the share of the cores that is busy at that time. `request_bytes`, `answer_bytes`: of one picture. `hops`: how often
    a request's bytes go over the network within the cluster. `cores`, `gigabits`, `price`: of a machine, the price by
    the hour. `availability`: the share of time that a machine is up, each by itself. `target`: the share of time that
    enough of them are. `zones`: that machines are spread over, of which one may be lost.
    """

    rate: float = 10_000
    core_rate: float = 45.5
    front_ms: float = 0.0
    utilisation: float = 0.7
    request_bytes: int = 427_000
    answer_bytes: int = 1_200
    hops: int = 1
    cores: int = 32
    gigabits: float = 25
    price: float = 1.5
    availability: float = 0.995
    target: float = 0.9999
    zones: int = 3

    def __post_init__(self) -> None:
        for field in fields(self):
            if not math.isfinite(getattr(self, field.name)):
                raise ValueError(f"{field.name} must be a number, not {getattr(self, field.name)}")
        for name in ("rate", "core_rate", "utilisation", "request_bytes", "cores", "gigabits"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)}")
        for name in ("front_ms", "answer_bytes", "hops", "price"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be below 0, as {getattr(self, name)} is")
        for name in ("utilisation", "availability", "target"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} must be between 0 and 1, not {getattr(self, name)}")
        if self.zones < 1:
            raise ValueError(f"zones must be at least 1, not {self.zones}")


@dataclass(frozen=True)
class Plan:
    """What that takes.

    `cores`: busy ones, and those that are kept free for bursts. `nodes_by_cores`, `nodes_by_network`: machines for
    either; `nodes` is the larger. `spare`: more of them, so that enough are up for `target` of the time, each failing
    by itself. `zone`: more of them, so that enough are left without any one zone. One reserve serves both, so `total`
    has the larger of the two. `gigabits`: into the cluster; `gigabits_of_each`: over each machine's network.
    `waiting_ms`: one picture in a hundred waits longer for a core of its machine (M/M/c). `open`: requests under way at
    a time. `per_hour`, `per_million`: what all machines cost.
    """

    cores: int
    nodes_by_cores: int
    nodes_by_network: int
    spare: int
    zone: int
    total: int
    gigabits: float
    gigabits_of_each: float
    waiting_ms: float
    open: int
    per_hour: float
    per_million: float

    @property
    def nodes(self) -> int:
        """Machines that must be up."""
        return max(self.nodes_by_cores, self.nodes_by_network)


def plan(needs: Needs) -> Plan:
    """Return what it takes to answer at that rate."""
    seconds = 1 / needs.core_rate + needs.front_ms / 1000
    cores = math.ceil(needs.rate * seconds / needs.utilisation)
    by_cores = math.ceil(cores / needs.cores)
    bits = 8 * (needs.request_bytes + needs.answer_bytes) * needs.rate
    # A machine's network carries each byte in or out once for each hop.
    by_network = math.ceil(needs.hops * bits / (needs.utilisation * needs.gigabits * 1e9))
    nodes = max(by_cores, by_network)
    spare = spare_nodes(nodes, needs.availability, needs.target)
    zone = in_zones(nodes, needs.zones) - nodes
    load = needs.cores, needs.rate / nodes, seconds
    total = nodes + max(spare, zone)
    return Plan(
        cores=cores,
        nodes_by_cores=by_cores,
        nodes_by_network=by_network,
        spare=spare,
        zone=zone,
        total=total,
        gigabits=bits / 1e9,
        gigabits_of_each=needs.hops * bits / nodes / 1e9,
        waiting_ms=1000 * waiting_seconds(*load),
        open=math.ceil(needs.rate * (seconds + mean_wait(*load))),
        per_hour=total * needs.price,
        per_million=total * needs.price / (needs.rate * SECONDS_PER_HOUR) * 1e6,
    )


def spare_nodes(nodes: int, availability: float, target: float) -> int:
    """Return the smallest k of N+k: of so many machines at least `nodes` are up for `target` of the time.

    Each is down by itself, so that the number of those that are down is binomially distributed. What takes down many at
    once, a zone or a bad release, is not in it.
    """
    # Where both are the same number, rounding must not ask for one machine more.
    allowed = (1 - target) * (1 + 1e-9)
    spare = 0
    while _more_are_down(nodes + spare, spare, 1 - availability) > allowed:
        spare += 1
    return spare


def _more_are_down(count: int, down: int, share: float) -> float:
    """Return the probability that more than `down` of `count` are down, each with probability `share`."""
    total = 0.0
    for k in range(down + 1, count + 1):
        # By logarithms: of thousands of machines, the binomial coefficients are larger than any float.
        ways = math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1)
        term = math.exp(ways + k * math.log(share) + (count - k) * math.log1p(-share))
        total += term
        # Beyond the mean each term is smaller than the one before.
        if k > count * share and term <= 1e-16 * total:
            break
    return total


def in_zones(nodes: int, zones: int) -> int:
    """Return the machines, as many in each zone, of which `nodes` are left without any one zone."""
    return nodes if zones == 1 else math.ceil(nodes / (zones - 1)) * zones


def waiting_seconds(cores: int, rate: float, seconds: float, share: float = 0.01) -> float:
    """Return the time that a `share` of the requests wait longer for one of a machine's cores.

    An M/M/c queue: requests come independently of each other, and take exponentially distributed times of mean
    `seconds`. Those of pictures of one size vary less, and wait less. Infinite if the cores cannot keep up.
    """
    load = rate * seconds
    if load >= cores:
        return math.inf
    waits = share_that_waits(cores, load)
    return max(0.0, math.log(waits / share)) * seconds / (cores - load) if waits else 0.0


def mean_wait(cores: int, rate: float, seconds: float) -> float:
    """Return the mean time that requests wait for a core, those that do not wait included; see `waiting_seconds`."""
    load = rate * seconds
    return math.inf if load >= cores else share_that_waits(cores, load) * seconds / (cores - load)


def share_that_waits(cores: int, load: float) -> float:
    """Return the share of the requests that find all cores busy, by Erlang's C formula; `load` is below `cores`."""
    blocked = 1.0
    for servers in range(1, cores + 1):
        blocked = load * blocked / (servers + load * blocked)
    return blocked / (1 - load / cores * (1 - blocked))


def rows(needs: Needs, found: Plan) -> Iterator[tuple[str, str, str]]:
    """Yield what the table shows: what, how much, and how that comes about."""
    each = f"({1000 / needs.core_rate:.1f} + {needs.front_ms:.1f}) ms"
    yield "cores", f"{found.cores:,}", f"{needs.rate:,.0f} x {each} / {needs.utilisation:g}"
    yield "machines for the cores", f"{found.nodes_by_cores:,}", f"of {needs.cores} cores"
    hops = f"{needs.hops} time{'s' if needs.hops > 1 else ''}"
    yield "machines for the network", f"{found.nodes_by_network:,}", f"of {needs.gigabits:g} Gbit/s, each byte {hops}"
    target = f"enough are up {needs.target:.2%} of the time, each {needs.availability:.1%}"
    zones = f"enough are left without one of {needs.zones} zones" if needs.zones > 1 else "there is but one"
    yield "spare for single failures", f"{found.spare:,}", target
    yield "spare for a zone", f"{found.zone:,}", zones
    yield "machines", f"{found.total:,}", f"{found.nodes:,} and the larger of the two reserves"
    picture = (needs.request_bytes + needs.answer_bytes) / 1e6
    yield "into the cluster", f"{found.gigabits:.1f} Gbit/s", f"{picture:.3f} MB a picture"
    share = f"{found.gigabits_of_each / needs.gigabits:.0%} of what it has"
    yield "network of each machine", f"{found.gigabits_of_each:.1f} Gbit/s", share
    yield "wait for a core, p99", f"{found.waiting_ms:.1f} ms", "M/M/c in each machine"
    yield "requests under way", f"{found.open:,}", "Little's law"
    yield "an hour", f"{found.per_hour:,.2f}", f"{needs.price:g} for a machine"
    yield "a million pictures", f"{found.per_million:.2f}", "at that rate"


def main() -> int:
    """Print the plan as a table."""
    needs = _needs()
    shown = [("what", "how much", "how"), ("---", "---", "---"), *rows(needs, plan(needs))]
    print("\n".join(f"| {' | '.join(row)} |" for row in shown))
    return 0


def _needs() -> Needs:
    parser = argparse.ArgumentParser(prog="python -m deploy.capacity_plan", description=__doc__)
    for field in fields(Needs):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=field.type, default=field.default)
    try:
        return Needs(**vars(parser.parse_args()))
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    sys.exit(main())
