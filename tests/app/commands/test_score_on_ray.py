"""`quartet score --engine ray`: the rows of a run in one process, though machines and the run itself are killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from app.cli import main
from helpers.pictures import jpeg, png
from helpers.ray_clusters import two_machines
from helpers.services import wait_until


class Archive:
    """A list of pictures, one of them damaged, the last of them pipes that give nothing until they are opened."""

    def __init__(self, folder: Path, files: int, pipes: int) -> None:
        self._pictures = {folder / f"{number:03}.png": png("RGB", (20, 20), (number, 0, 99)) for number in range(files)}
        self._pictures[folder / "000.png"] = jpeg((200, 200), (9, 9, 9))[:300]
        self._pipes = list(self._pictures)[-pipes:]
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


def command(models: Path, source: Path, out: Path, *words: str) -> list[str]:
    given = ["score", "catdog", str(source), "--models", str(models), "--out", str(out), "--quiet", "--engine", "ray"]
    return [sys.executable, "-m", "app.cli", *given, *words]


def lines_of(path: Path) -> Sequence[bytes]:
    header, *rows = path.read_bytes().splitlines(keepends=True)
    return [header, *sorted(rows)]


def test_killed_midway_and_a_machine_killed_in_the_next_run_the_rows_are_those_of_one_process(
    tiny_models: Path, tmp_path: Path
) -> None:
    archive = Archive(tmp_path, 40, pipes=16)
    out, local = tmp_path / "r.csv", tmp_path / "local.csv"
    with two_machines() as machines:
        words = command(tiny_models, archive.list, out, "--ray-address", machines.address, "--ray-block", "2")
        with subprocess.Popen(words) as run:
            wait_until(lambda: out.exists() and out.read_bytes().count(b"\n") > 2, 90)
            run.send_signal(signal.SIGKILL)
        before = out.read_bytes()
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as run:
            wait_until(lambda: run.poll() is not None or machines.second_answers, 90)
            machines.kill_the_second()
            archive.open_pipes()
            _, said = run.communicate(timeout=120)
    assert run.returncode == 1, said
    assert said.startswith("1 input without an answer:\n  000.png: The JPEG picture is damaged")
    assert out.read_bytes().startswith(before)
    assert main(["score", "catdog", str(archive.list), "--models", str(tiny_models), "--out", str(local)]) == 1
    assert lines_of(out) == lines_of(local)
