import math
import subprocess
import sys
from dataclasses import replace

import pytest

from deploy.capacity_plan import Needs, in_zones, mean_wait, plan, spare_nodes, waiting_seconds


def test_ten_thousand_pictures_a_second_take_the_cores_that_their_time_fills() -> None:
    needs = Needs(rate=10_000, core_rate=50, front_ms=0, utilisation=0.5, cores=16)
    assert plan(needs).cores == 10_000 / 50 / 0.5
    assert plan(needs).nodes == 25
    assert plan(replace(needs, front_ms=20)).cores == 2 * plan(needs).cores


def test_a_slow_network_asks_for_more_machines_than_the_cores_do() -> None:
    needs = Needs(rate=1_000, core_rate=50, cores=1_000, gigabits=1, request_bytes=125_000, answer_bytes=0)
    found = plan(needs)
    assert found.gigabits == pytest.approx(1)
    assert found.nodes == found.nodes_by_network == 2
    assert plan(replace(needs, hops=3)).nodes == 5


@pytest.mark.parametrize(("nodes", "availability"), [(1, 0.9), (10, 0.99), (450, 0.995)])
def test_so_many_spare_machines_are_enough_and_one_less_is_not(nodes: int, availability: float) -> None:
    def enough_up(spare: int) -> float:
        count, share = nodes + spare, 1 - availability
        return 1 - sum(
            math.comb(count, down) * share**down * availability ** (count - down)
            for down in range(spare + 1, count + 1)
        )

    spare = spare_nodes(nodes, availability, 0.9999)
    assert enough_up(spare) >= 0.9999 > enough_up(spare - 1)


def test_the_loss_of_a_zone_leaves_enough() -> None:
    assert in_zones(10, 1) == 10
    for zones in (2, 3, 5):
        assert in_zones(10, zones) * (zones - 1) / zones >= 10


def test_one_reserve_serves_single_failures_and_a_zone_and_is_the_larger_of_both() -> None:
    found = plan(Needs(zones=3))
    assert (found.nodes, found.spare, found.zone) == (10, 2, 5)
    assert found.total == 15 == in_zones(found.nodes, 3)
    assert found.per_hour == pytest.approx(15 * 1.5)
    alone = plan(Needs(zones=1))
    assert (alone.zone, alone.total) == (0, 12)
    fragile = plan(Needs(zones=20, availability=0.5))
    assert fragile.total == fragile.nodes + fragile.spare > fragile.nodes + fragile.zone


def test_thousands_of_machines_are_planned_too() -> None:
    # The number that are down is then nearly normal: 3.719 deviations beyond the mean.
    for nodes, share in ((17_000, 0.005), (2_000, 0.1)):
        count = nodes + spare_nodes(nodes, 1 - share, 0.9999)
        normal = count * share + 3.719 * math.sqrt(count * share * (1 - share))
        assert count - nodes == pytest.approx(normal, abs=3)


def test_requests_under_way_are_those_of_littles_law_with_the_mean_wait() -> None:
    # M/M/1: L = load / (1 - load).
    for load in (0.1, 0.5, 0.9):
        assert 5 * (load / 5 + mean_wait(1, 5, load / 5)) == pytest.approx(load / (1 - load))
    assert mean_wait(1, 10, 0.1) == math.inf
    needs = Needs(rate=100, core_rate=1, utilisation=0.5, cores=1, gigabits=1000)
    assert plan(needs).open == 200


def test_the_wait_for_one_core_is_that_of_a_single_queue() -> None:
    # M/M/1: P(wait > t) = load * exp(-(1 - load) * t / seconds).
    assert waiting_seconds(1, 5, 0.1) == pytest.approx(0.1 * math.log(0.5 / 0.01) / 0.5)
    assert waiting_seconds(1, 10, 0.1) == math.inf
    assert waiting_seconds(32, 1, 0.02) == 0


def test_more_cores_at_the_same_load_wait_less() -> None:
    waits = [waiting_seconds(cores, 35 * cores, 0.02) for cores in (1, 4, 32, 128)]
    assert waits == sorted(waits, reverse=True)
    assert waits[0] > waits[-1]


@pytest.mark.parametrize("wrong", ["--utilisation=1", "--rate=0", "--rate=nan", "--zones=0", "--hops=-1", "--price=-1"])
def test_what_cannot_be_planned_is_refused_with_the_option_named(wrong: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.capacity_plan", wrong], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert wrong[2:].partition("=")[0] in done.stderr


def test_the_command_prints_a_table() -> None:
    command = [sys.executable, "-m", "deploy.capacity_plan", "--rate", "1e4"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("| what | how much | how |\n| --- | --- | --- |\n| cores | ")
