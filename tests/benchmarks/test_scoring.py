import sys

import pytest

from benchmarks.scoring import main


@pytest.mark.parametrize("task", ["pneumonia", "topic"])
def test_a_round_gives_both_rates_and_their_ratio(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], task: str
) -> None:
    words = ["--task", task, "--files", "3", "--rounds", "1", "--seconds", "0.2"]
    monkeypatch.setattr(sys, "argv", ["scoring", *words])
    assert main() == 0
    first, middle = capsys.readouterr().out.splitlines()
    assert first.startswith("round 1: in-process limit ")
    assert middle.partition(": ")[2] == first.partition(": ")[2]
    assert float(first.rpartition("ratio ")[2]) > 0
