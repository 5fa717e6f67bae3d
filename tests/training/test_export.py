"""Export: a version is there whole or not at all, under the next free number."""

import os

import pytest

from training.export import ExportError, new_version, next_version


def test_versions_count_up_from_the_highest_that_is_there(tmp_path):
    assert next_version(tmp_path, "digit") == 1
    for name in ("1", "7", "notes", ".partial-3"):
        (tmp_path / "digit" / name).mkdir(parents=True)
    assert next_version(tmp_path, "digit") == 8


def test_a_version_is_not_visible_before_it_is_whole(tmp_path):
    with new_version(tmp_path, "digit") as (folder, number):
        (folder / "saved_model.pb").write_bytes(b"graph")
        assert [path.name for path in (tmp_path / "digit").iterdir() if path.name.isdecimal()] == []
    assert number == 1
    assert (tmp_path / "digit" / "1" / "saved_model.pb").read_bytes() == b"graph"


def test_an_export_that_fails_leaves_nothing(tmp_path):
    def fail():
        with new_version(tmp_path, "digit") as (folder, _):
            (folder / "half").write_bytes(b"x")
            raise RuntimeError("no space")

    with pytest.raises(RuntimeError, match="no space"):
        fail()
    assert list((tmp_path / "digit").iterdir()) == []


def test_what_a_killed_export_left_is_in_nobodys_way(tmp_path):
    (tmp_path / "digit" / f".partial-{os.getpid()}").mkdir(parents=True)
    with new_version(tmp_path, "digit") as (folder, number):
        (folder / "saved_model.pb").write_bytes(b"graph")
    assert number == 1
    assert (tmp_path / "digit" / "1" / "saved_model.pb").exists()


def test_a_number_taken_meanwhile_is_not_overwritten(tmp_path):
    def race():
        with new_version(tmp_path, "digit") as (folder, _):
            (folder / "mine").write_bytes(b"x")
            other = tmp_path / "digit" / "1"
            other.mkdir()
            (other / "theirs").write_bytes(b"y")

    with pytest.raises(ExportError, match="version 1 appeared"):
        race()
    assert [path.name for path in (tmp_path / "digit" / "1").iterdir()] == ["theirs"]
    assert next_version(tmp_path, "digit") == 2
