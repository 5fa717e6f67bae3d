"""What is timed of a run: the first stage that has epochs, wherever its checkpoints lie."""

import json
import time

import pytest

from benchmarks import distributed_training


@pytest.mark.parametrize("stage", ["network", "224/tuning"])
def test_the_epochs_of_a_stage_are_timed_without_the_first(stage, tmp_path, monkeypatch):
    clock, folder = iter(range(0, 100, 10)), tmp_path / stage
    epochs = iter(range(1, distributed_training.EPOCHS + 1))

    def train_an_epoch(_):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "state.json").write_text(json.dumps({"epoch": next(epochs)}))

    monkeypatch.setattr(time, "sleep", train_an_epoch)
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    assert distributed_training._watch(tmp_path, []) == 20
