"""`quartet score --engine ray`: the rows of a run in one process, though machines and the run itself are killed."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest

from app.cli import main
from helpers.object_stores import object_store
from helpers.pictures import jpeg, png
from helpers.ray_clusters import TwoMachines, two_machines
from helpers.services import processes, wait_until

PROGRAM = [sys.executable, "-m", "app.cli"]


class Archive:
    """A list of pictures, one of them damaged, the last of them pipes that give nothing until they are opened."""

    def __init__(self, folder: Path, files: int, pipes: int) -> None:
        self._pictures = {folder / f"{number:03}.png": png("RGB", (20, 20), (number, 0, 99)) for number in range(files)}
        self._pictures[folder / "000.png"] = jpeg((200, 200), (9, 9, 9))[:300]
        self._pipes = list(self._pictures)[files - pipes :]
        for path, picture in self._pictures.items():
            if path in self._pipes:
                os.mkfifo(path)
            else:
                path.write_bytes(picture)
        self.list = folder / "list.csv"
        self.list.write_text("path\n" + "".join(f"{path.name}\n" for path in self._pictures))

    def open_pipes(self) -> None:
        """Put plain files where the pipes were, and let those go on who wait for a pipe."""
        for path in self._pipes:
            pipe = path.rename(path.with_suffix(".pipe"))
            path.write_bytes(self._pictures[path])
            # Nobody waits for this one.
            with suppress(OSError):
                descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
                os.write(descriptor, self._pictures[path])
                os.close(descriptor)


@pytest.fixture(scope="module")
def machines() -> Iterator[TwoMachines]:
    """A cluster; one test kills its second machine."""
    with two_machines() as started:
        yield started


def command(models: Path, source: Path | str, out: Path, *words: str) -> list[str]:
    given = ["score", "catdog", str(source), "--models", str(models), "--out", str(out), "--quiet", "--engine", "ray"]
    return [*PROGRAM, *given, *words]


def score_while_a_machine_dies(words: Sequence[str], machines: TwoMachines, archive: Archive) -> None:
    """Start a run, kill a machine whose worker is at a block, and only then open the pipes, without which none ends."""
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as run:
        wait_until(lambda: run.poll() is not None or machines.second_answers, 90)
        machines.kill_the_second()
        archive.open_pipes()
        _, said = run.communicate(timeout=120)
    assert run.returncode == 1, said
    assert said.startswith("1 input without an answer:\n  000.png: The JPEG picture is damaged")


def scored_here(models: Path, source: Path) -> Path:
    """Score in this process; return where the rows are."""
    out = source.with_name("here.csv")
    assert main(["score", "catdog", str(source), "--models", str(models), "--out", str(out), "--quiet"]) == 1
    return out


def lines_of(path: Path) -> Sequence[bytes]:
    header, *rows = path.read_bytes().splitlines(keepends=True)
    return [header, *sorted(rows)]


def test_pictures_in_an_object_store_are_answered_as_those_in_a_folder(
    tiny_models: Path, machines: TwoMachines, tmp_path: Path
) -> None:
    pytest.importorskip("moto", reason="needs moto's server: pip install 'moto[server]'")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Archive(pictures, 8, pipes=0).list.unlink()
    out = tmp_path / "r.csv"
    with object_store(tmp_path / "log") as store:
        store.put("hospital", {f"pictures/{path.name}": path.read_bytes() for path in pictures.iterdir()})
        words = command(tiny_models, store.url("hospital/pictures"), out, "--ray-address", machines.address)
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1, done.stderr
    expected = [line.replace(f"{pictures}/".encode(), b"") for line in lines_of(scored_here(tiny_models, pictures))]
    assert [line.replace(b"s3://hospital/pictures/", b"") for line in lines_of(out)] == expected
    assert out.read_bytes().count(b"s3://hospital/pictures/") == 8


def test_though_a_machine_is_killed_midway_the_rows_are_those_of_one_process(
    tiny_models: Path, machines: TwoMachines, tmp_path: Path
) -> None:
    archive = Archive(tmp_path, 40, pipes=16)
    out = tmp_path / "r.csv"
    words = command(tiny_models, archive.list, out, "--ray-address", machines.address, "--ray-block", "2")
    score_while_a_machine_dies(words, machines, archive)
    assert lines_of(out) == lines_of(scored_here(tiny_models, archive.list))


@pytest.mark.soak
def test_though_the_run_is_killed_and_a_machine_in_the_next_the_rows_are_those_of_one_process(
    tiny_models: Path, tmp_path: Path
) -> None:
    archive = Archive(tmp_path, 40, pipes=16)
    out = tmp_path / "r.csv"
    with two_machines() as machines:
        words = command(tiny_models, archive.list, out, "--ray-address", machines.address, "--ray-block", "2")
        with subprocess.Popen(words) as run:
            wait_until(lambda: out.exists() and out.read_bytes().count(b"\n") > 2, 90)
            run.send_signal(signal.SIGKILL)
        before = out.read_bytes()
        score_while_a_machine_dies(words, machines, archive)
    assert out.read_bytes().startswith(before)
    assert lines_of(out) == lines_of(scored_here(tiny_models, archive.list))


@pytest.mark.soak
def test_on_a_cluster_of_its_own_it_says_no_more_than_a_run_in_one_process(tiny_models: Path, tmp_path: Path) -> None:
    """Nor is anything left of the cluster in the end."""
    archive = Archive(tmp_path, 300, pipes=0)
    words = command(tiny_models, archive.list, tmp_path / "r.parquet", "--json", "--ray-workers", "1:2")
    # Paths of sockets are short: 107 bytes, of which Ray uses 70.
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, "RAY_TMPDIR": folder}
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120, env=environment)
        assert os.listdir(folder)
        assert not [line for _, _, line in processes() if folder in line]
    assert done.returncode == 1
    assert json.loads(done.stdout)["scored"] == 300
    assert done.stderr.count("\n") == 2
    assert done.stderr.startswith("1 input without an answer:\n  000.png: The JPEG picture is damaged")
    here = [word for word in words if word not in ("--engine", "ray", "--ray-workers", "1:2")]
    here[here.index(str(tmp_path / "r.parquet"))] = str(tmp_path / "local.parquet")
    assert subprocess.run(here, capture_output=True, check=False).returncode == 1
    frames = [pd.read_parquet(tmp_path / name).sort_values("name") for name in ("r.parquet", "local.parquet")]
    pd.testing.assert_frame_equal(*(frame.reset_index(drop=True) for frame in frames), check_exact=True)


@pytest.mark.soak
def test_texts_and_remote_files_are_answered_as_in_one_process(tiny_models: Path, tmp_path: Path) -> None:
    table = tmp_path / "news.csv"
    table.write_text("text\n" + "".join(f"{'oil ' * number}\n" for number in range(1, 1000)))
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Archive(pictures, 40, pipes=0).list.unlink()
    for task, source, count, failed in (("topic", table, 999, 0), ("catdog", f"file://{pictures}", 40, 1)):
        words = ["score", task, str(source), "--models", str(tiny_models), "--quiet", "--out"]
        local, out = tmp_path / f"{task}-local.csv", tmp_path / f"{task}.csv"
        status = main([*words, str(local)])
        done = subprocess.run([*PROGRAM, *words, str(out), "--engine", "ray"], capture_output=True, check=False)
        assert (done.returncode, status) == (failed, failed), done.stderr
        assert lines_of(out) == lines_of(local)
        assert len(lines_of(out)) == count + 1


@pytest.mark.soak
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_keeps_what_came_back_and_goes_on_later(
    tiny_models: Path, tmp_path: Path, number: signal.Signals
) -> None:
    archive = Archive(tmp_path, 40, pipes=16)
    out = tmp_path / "r.csv"
    words = command(tiny_models, archive.list, out, "--ray-block", "2")
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as run:
        wait_until(lambda: out.exists() and out.read_bytes().count(b"\n") > 2, 90)
        run.send_signal(number)
        _, said = run.communicate(timeout=60)
    assert run.returncode == 128 + number
    assert said.endswith("quartet score: stopped; the same command goes on from here\n")
    assert "Traceback" not in said
    before = out.read_bytes()
    assert before.count(b"\n") < 41
    archive.open_pipes()
    assert subprocess.run(words, capture_output=True, check=False).returncode == 1
    assert out.read_bytes().startswith(before)
    assert out.read_bytes().count(b"\n") == 41


@pytest.mark.soak
def test_what_never_comes_back_is_named_once_patience_ends(tiny_models: Path, tmp_path: Path) -> None:
    archive = Archive(tmp_path, 10, pipes=1)
    words = command(tiny_models, archive.list, tmp_path / "r.csv", "--ray-block", "1", "--ray-patience", "8")
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert done.stderr.startswith("quartet score: Ray gave up with 1 input left, 009.png first: ExecutionTimeout")
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "r.csv").read_bytes().count(b"\n") == 10


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--ray-workers", "2"], "--ray-workers needs --engine ray"),
        (["--engine", "ray", "--dicomweb", "http://x/y"], "--dicomweb: a server's radiographs are fetched by one"),
        (["--engine", "ray", "--ray-address", "ray://x:10001"], "Ray Data needs a machine of the cluster"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    tiny_models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: Sequence[str], said: str
) -> None:
    archive = Archive(tmp_path, 2, pipes=0)
    given = ["score", "catdog", str(archive.list), "--models", str(tiny_models), "--out", str(tmp_path / "r.csv")]
    assert main([*given, *words]) == 2
    assert said in capsys.readouterr().err
