"""The time of a run: all its parts, ended, failed or killed, and none of what comes after its end."""

import subprocess
import sys
import time

import pytest

from training import stopwatch
from training.stopwatch import Stopwatch, read_parts

VERSIONS = {"tensorflow": "2.19.0"}

KILLED_PART = """
import os, signal, sys, time
from pathlib import Path
from training import stopwatch
stopwatch.HEARTBEAT = 0.05
with stopwatch.Stopwatch(Path(sys.argv[1]), "a slow processor", {}):
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def _fail_after(seconds, watch):
    with watch:
        time.sleep(seconds)
        raise InterruptedError


def test_a_part_is_timed(tmp_path):
    with Stopwatch(tmp_path, "2 CPU cores", VERSIONS) as watch:
        time.sleep(0.3)
        (so_far,) = watch.parts()
    (part,) = read_parts(tmp_path)
    assert part.device == "2 CPU cores"
    assert 0.3 <= so_far.seconds <= part.seconds < 5


def test_a_part_that_fails_is_counted_with_the_next_one(tmp_path):
    with pytest.raises(InterruptedError):
        _fail_after(0.2, Stopwatch(tmp_path, "first", VERSIONS))
    with Stopwatch(tmp_path, "second", VERSIONS) as watch:
        parts = watch.parts()
    assert [part.device for part in parts] == ["first", "second"]
    assert parts[0].seconds >= 0.2
    assert read_parts(tmp_path)[0] == parts[0]


def test_a_part_that_is_killed_is_counted_up_to_the_last_heartbeat(tmp_path):
    subprocess.run([sys.executable, "-c", KILLED_PART, str(tmp_path)], check=False)
    (part,) = read_parts(tmp_path)
    assert 0.2 <= part.seconds < 5
    assert part.device == "a slow processor"


def test_each_part_has_the_versions_that_it_ran_with(tmp_path):
    for version in ("2.18.1", "2.19.0"):
        with Stopwatch(tmp_path, "2 CPU cores", {"tensorflow": version}):
            pass
    assert [part.libraries["tensorflow"] for part in read_parts(tmp_path)] == ["2.18.1", "2.19.0"]


def test_the_part_is_known_from_its_first_moment(tmp_path):
    with Stopwatch(tmp_path, "2 CPU cores", VERSIONS):
        assert len(read_parts(tmp_path)) == 1


def test_what_is_done_after_the_end_of_a_run_is_no_part_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(stopwatch, "HEARTBEAT", 0.01)
    with Stopwatch(tmp_path, "first", VERSIONS):
        pass
    before = read_parts(tmp_path)
    with Stopwatch(tmp_path, "second", VERSIONS, running=False) as watch:
        time.sleep(0.1)
        assert watch.parts() == before
    assert read_parts(tmp_path) == before


def test_a_new_run_has_no_parts(tmp_path):
    assert read_parts(tmp_path) == ()
