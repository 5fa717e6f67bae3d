"""Run folders: started once, resumed only with the same settings."""

import pytest

from training.run import RunError, open_run


def test_a_run_is_started_and_resumed(tmp_path):
    open_run(tmp_path / "run", {"seed": 1}, resume=False)
    assert open_run(tmp_path / "run", {"seed": 1}, resume=True).folder == tmp_path / "run"


def test_a_run_that_is_there_is_not_overwritten(tmp_path):
    open_run(tmp_path, {"seed": 1}, resume=False)
    with pytest.raises(RunError, match="--resume"):
        open_run(tmp_path, {"seed": 1}, resume=False)


def test_a_missing_run_is_not_resumed(tmp_path):
    with pytest.raises(RunError, match="no run to resume"):
        open_run(tmp_path, {}, resume=True)


def test_a_run_is_not_resumed_with_other_settings(tmp_path):
    open_run(tmp_path, {"seed": 1, "recipe": "a"}, resume=False)
    with pytest.raises(RunError, match="seed was 1, is 2"):
        open_run(tmp_path, {"seed": 2, "recipe": "a"}, resume=True)
