"""Fitting by several copies: the same steps as one copy takes, each example seen once by one of them."""

import json
import subprocess
import sys

import numpy as np
import pytest

from app.cli import main
from training.batches import Batches, Plan, Share
from training.recipes.base import learns_in_epochs
from training.recipes.catalogue import all_recipes


@pytest.fixture(scope="module")
def fits():
    ran = subprocess.run([sys.executable, "-m", "tests.helpers.copies"], check=True, capture_output=True, text=True)
    return json.loads(ran.stdout)


def test_two_copies_take_the_steps_that_one_takes(fits):
    """To float32's rounding: example weights, gradient clipping and a batch of one example included."""
    apart = fits["apart"]
    assert {"loss", "accuracy", "auc", "val_loss", "val_accuracy", "val_auc", "weights"} == apart.keys()
    assert max(apart.values()) < 1e-5


def test_a_resumed_fit_of_two_copies_drops_what_an_unbroken_one_does(fits):
    assert fits["resumed"] < 1e-6


@pytest.mark.parametrize("copies", [1, 2, 3, 7])
def test_each_example_is_one_copys_once_an_epoch(copies):
    inputs = np.arange(23)
    seen, parts = [], np.zeros(5)
    for copy in range(copies):
        batches = Batches((inputs, inputs), Plan(1, 5, 3), share=Share(copy, copies))
        for index in range(len(batches)):
            rows, part = Share(copy, copies).of(batches.rows(index))
            parts[index] += part
            if part:
                seen.extend(batches[index][0])
            assert len(rows) == len(batches[index][0]) > 0
    assert sorted(seen) == list(inputs)
    np.testing.assert_allclose(parts, 1)


def test_no_two_copies_change_their_pictures_alike():
    drawn = []
    for copy in range(3):
        batches = Batches(
            (np.zeros(12), np.zeros(12)),
            Plan(1, 6, 0),
            augment=lambda batch, seed: drawn.append(tuple(seed.numpy())) or batch,
            share=Share(copy, 3),
        )
        for index in range(len(batches)):
            batches[index]
    assert len(set(drawn)) == len(drawn) == 6


def test_all_recipes_but_the_linear_one_can_be_shared_out():
    assert [recipe.name for recipe in all_recipes() if not learns_in_epochs(recipe)] == ["linear"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["topic", "--recipe", "linear", "--distribute"], "no epochs to share out: train it on one machine"),
        (["digit", "--distribute"], "nothing to distribute over"),
        (["digit", "--distribute", "a:1"], "needs --worker"),
        (["digit", "--worker", "0"], "goes with --distribute"),
    ],
)
def test_what_cannot_be_distributed_ends_before_anything_is_written(words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.setattr("tensorflow.config.get_visible_devices", lambda kind: [])
    assert main(["train", *words, "--run", str(tmp_path / "run")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
