"""What metrics cost: the processor time of a request with them and without, by turns in one run. For Linux.

Services of each kind run side by side and are sent the same request over one connection each, in blocks that take
turns, so that what else the machine does falls on all alike. Whatever disturbs a block makes it dearer: kinds are
compared by their cheapest tenth. By how much one kind differs from itself (`again`) is what cannot be told apart.
"""

import argparse
import http.client
import json
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path

from benchmarks.server import RunningServer, running_server
from benchmarks.speed.inputs import news_text

BASE = "without"
WARM_UP = 500
PROC = Path("/proc")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print, for each kind, the microseconds of a request and by how much it is more than without."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--block", type=int, default=50, help="requests of a kind in a round")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        seconds = measure(options.models, kinds(folder), options.rounds, options.block)
    for kind, blocks in seconds.items():
        cheapest = _first_decile(blocks)
        more = cheapest / _first_decile(seconds[BASE]) - 1
        print(f"{kind:8} {1e6 * cheapest / options.block:7.1f} us a request; {more:+.2%}")
    return 0


def kinds(folder: str) -> dict[str, dict[str, str]]:
    """Return each kind's settings; `shared` keeps its values as several processes do, in files in the folder."""
    return {
        BASE: {"QUARTET_METRICS": "false"},
        "again": {"QUARTET_METRICS": "false"},
        "metrics": {"QUARTET_METRICS": "true"},
        "shared": {"QUARTET_METRICS": "true", "PROMETHEUS_MULTIPROC_DIR": folder},
    }


def measure(models: Path, settings: Mapping[str, Mapping[str, str]], rounds: int, block: int) -> dict[str, list[float]]:
    """Return the processor seconds of each kind's blocks, one each round."""
    body = json.dumps({"text": news_text().decode()}).encode()
    spent: dict[str, list[float]] = {kind: [] for kind in settings}
    with ExitStack() as stack:
        asked = {}
        for kind, given in settings.items():
            server = stack.enter_context(running_server(models, given))
            asked[kind] = (server, http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=30))
            _ask(asked[kind][1], body, WARM_UP)
        for number in range(rounds):
            order = list(asked)
            # Not always the same before the same.
            for kind in order[number % len(order) :] + order[: number % len(order)]:
                server, connection = asked[kind]
                before = cpu_seconds(server)
                _ask(connection, body, block)
                spent[kind].append(cpu_seconds(server) - before)
    return spent


def cpu_seconds(server: RunningServer) -> float:
    """Return the processor time of a server's threads, which Linux counts in nanoseconds."""
    threads = (PROC / str(server.process) / "task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def _first_decile(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=10)[0]


def _ask(connection: http.client.HTTPConnection, body: bytes, times: int) -> None:
    # The service has closed a connection that had nothing to do.
    connection.close()
    for _ in range(times):
        connection.request("POST", "/predict/topic", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"the service answered {answer.status}")


if __name__ == "__main__":
    sys.exit(main())
