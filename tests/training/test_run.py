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


def test_a_changed_setting_inside_others_is_named_alone(tmp_path):
    open_run(tmp_path, {"recipe": {"name": "a", "tuning": {"epochs": 3, "rate": 0.1}}}, resume=False)
    with pytest.raises(RunError) as error:
        open_run(tmp_path, {"recipe": {"name": "a", "tuning": {"epochs": 4, "rate": 0.1}}}, resume=True)
    assert "(recipe.tuning.epochs was 3, is 4)" in str(error.value)


def test_a_run_has_ended_once_it_has_a_summary(tmp_path):
    run = open_run(tmp_path, {}, resume=False)
    assert not run.ended
    run.write("summary.json", {})
    assert open_run(tmp_path, {}, resume=True).ended
