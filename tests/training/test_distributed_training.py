"""`quartet train --distribute` by two processes that talk over loopback."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from app.cli import main
from helpers.drawn_data import draw_digits
from training.summary import read_summary

LIMIT = 240


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return draw_digits(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def alone(digits, tmp_path_factory):
    """A run of one process."""
    folder = tmp_path_factory.mktemp("alone") / "run"
    assert main(["train", *words(digits, folder, 4)]) == 0
    return folder


def words(data, run, epochs):
    chosen = ["digit", "--recipe", "reference", "--data", str(data), "--validation-fraction", "0.25"]
    return [*chosen, "--epochs", str(epochs), "--run", str(run), "--quiet"]


class Pair:
    """Two workers of one run; what is left of them is killed at the end."""

    def __init__(self, commands, environments):
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-m", "app.cli", "train", *command],
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for command, environment in zip(commands, environments, strict=True)
        ]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.communicate()

    def ends(self):
        """Return each worker's status and what it wrote."""
        written = [process.communicate(timeout=LIMIT)[0] for process in self.processes]
        return [(process.returncode, text) for process, text in zip(self.processes, written, strict=True)]


def by_tf_config(command):
    cluster = {"worker": addresses()}
    tasks = [{"type": "worker", "index": index} for index in range(2)]
    environments = [{"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})} for task in tasks]
    return Pair([[*command, "--distribute"]] * 2, environments)


def by_addresses(*commands):
    given = ",".join(addresses())
    return Pair([[*one, "--distribute", given, "--worker", str(n)] for n, one in enumerate(commands)], [{}, {}])


def addresses():
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(2)]
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{one.getsockname()[1]}" for one in held]


def test_two_workers_train_what_one_trains(digits, alone, tmp_path):
    with by_tf_config(words(digits, tmp_path / "run", 4)) as pair:
        (chief, said), (helper, its_words) = pair.ends()
    assert (chief, helper) == (0, 0), said + its_words
    ours, theirs = read_summary(tmp_path / "run"), read_summary(alone)
    assert ours.device.startswith("2 workers with 2 copies")
    assert ours.command.endswith("--distribute")
    assert ours.dataset == theirs.dataset
    for name in ("accuracy", "macro_f1"):
        figure = theirs.metrics[0].values[name]
        assert figure.low <= ours.metrics[0].values[name].value <= figure.high
    history, expected = (json.loads((run / "history.json").read_text())["network"] for run in (tmp_path / "run", alone))
    assert history.keys() == expected.keys()
    assert history["loss"] == pytest.approx(expected["loss"], rel=1e-3)
    assert "is trained; the chief" in its_words
    assert "accuracy" in said
    assert "accuracy" not in its_words


def test_workers_that_would_train_something_else_are_refused(digits, tmp_path):
    command = words(digits, tmp_path / "run", 2)
    with by_addresses(command, [*command, "--seed", "7", "--limit", "80"]) as pair:
        ended = pair.ends()
    for status, said in ended:
        assert status == 2, said
        assert "has another data, another seed, another limit than the chief" in said.replace("\n", " ")


@pytest.mark.soak
@pytest.mark.parametrize("victim", [0, 1], ids=["the chief", "the other"])
def test_a_killed_worker_ends_the_others_and_the_same_command_goes_on(digits, tmp_path, victim):
    unbroken, run = tmp_path / "unbroken", tmp_path / "run"
    assert main(["train", *words(digits, unbroken, 30)]) == 0
    command = [*words(digits, run, 30), "--resume"]
    with by_tf_config(command) as pair:
        wait_for_epoch(run, 3, pair)
        pair.processes[victim].send_signal(signal.SIGKILL)
        status, said = pair.ends()[1 - victim]
    assert status == 2, said
    assert "another worker has ended or cannot be reached" in said
    assert "start the same command with --resume" in said
    assert not (run / "summary.json").exists()
    with by_tf_config(command) as pair:
        ended = pair.ends()
    assert [status for status, _ in ended] == [0, 0], ended
    ours, theirs = read_summary(run), read_summary(unbroken)
    assert len(ours.parts) == 2
    assert ours.epochs == theirs.epochs == {"network": 30}
    figure = theirs.metrics[0].values["accuracy"]
    assert figure.low <= ours.metrics[0].values["accuracy"].value <= figure.high
    history = [json.loads((folder / "history.json").read_text())["network"]["val_loss"] for folder in (run, unbroken)]
    assert history[0][:8] == pytest.approx(history[1][:8], rel=0.02)


def wait_for_epoch(run, epoch, pair):
    state = run / "network" / "state.json"
    end = time.monotonic() + LIMIT
    while not state.exists() or json.loads(state.read_text())["epoch"] < epoch:
        assert time.monotonic() < end
        assert all(process.poll() is None for process in pair.processes), pair.ends()
        time.sleep(0.02)
