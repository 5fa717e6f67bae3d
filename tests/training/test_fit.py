"""Fitting: the order is seeded, a kill loses at most an epoch, the best weights are kept."""

import json

import keras
import numpy as np
import pytest

from training.batches import Batches, Plan
from training.checkpoint import STATE_FILE
from training.fit import fit


def model(seed: int = 0) -> keras.Model:
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    trunk = keras.Sequential([keras.Input((4,)), layers.Dense(8, activation="relu"), layers.Dropout(0.3)])
    network = keras.Sequential([trunk, layers.BatchNormalization(), layers.Dropout(0.2), layers.Dense(1)])
    network.compile(keras.optimizers.Adam(0.01), "mse")
    return network


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(64, 4)).astype(np.float32)
    return inputs, (inputs[:, :1] - inputs[:, 1:2] ** 2).astype(np.float32)


class KilledError(Exception):
    pass


class KillAfter(keras.callbacks.Callback):
    def __init__(self, epoch: int):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KilledError


def test_batches_of_an_epoch_are_the_same_whenever_they_are_drawn(data):
    plan = Plan(epochs=3, batch_size=10, seed=7)
    running = Batches(data, plan)
    running.on_epoch_end()
    resumed = Batches(data, plan, epoch=1)
    for index in range(len(running)):
        np.testing.assert_array_equal(running[index][0], resumed[index][0])
    assert len(running) == 7
    assert not np.array_equal(running.order, Batches(data, plan).order)


def test_every_example_is_seen_once_an_epoch(data):
    batches = Batches(data, Plan(1, 10, 0))
    seen = np.concatenate([batches[index][1] for index in range(len(batches))])
    np.testing.assert_array_equal(np.sort(seen, 0), np.sort(data[1], 0))


def test_a_killed_fit_goes_on_to_the_same_weights_as_an_unbroken_one(data, tmp_path, monkeypatch):
    plan = Plan(epochs=5, batch_size=16, seed=3)
    unbroken = model()
    whole = fit(unbroken, data, data, plan, _folder(tmp_path, "a"), quiet=True)

    broken, folder = model(), _folder(tmp_path, "b")
    plain_fit = keras.Model.fit

    def dying_fit(self, *args, callbacks, **kwargs):
        return plain_fit(self, *args, callbacks=[*callbacks, KillAfter(3)], **kwargs)

    monkeypatch.setattr(keras.Model, "fit", dying_fit)
    with pytest.raises(KilledError):
        fit(broken, data, data, plan, folder, quiet=True)
    monkeypatch.undo()

    resumed = model(seed=99)
    history = fit(resumed, data, data, plan, folder, quiet=True)
    assert history["loss"] == pytest.approx(whole["loss"], rel=1e-4)
    for ours, theirs in zip(resumed.get_weights(), unbroken.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_fitting_stops_when_patience_runs_out_and_keeps_the_best_weights(data, tmp_path):
    inputs, targets = data
    network = model()
    network.optimizer.learning_rate = 0.5
    history = fit(network, data, (inputs, -targets), Plan(40, 16, 0, patience=2), tmp_path, quiet=True)
    losses = history["val_loss"]
    assert len(losses) < 40
    assert len(losses) - 1 - int(np.argmin(losses)) == 2
    assert network.evaluate(inputs, -targets, verbose=0) == pytest.approx(min(losses), rel=1e-4)


def test_a_finished_fit_is_not_run_again(data, tmp_path):
    plan = Plan(2, 16, 0, patience=5)
    first = model()
    history = fit(first, data, data, plan, tmp_path, quiet=True)
    again = model(seed=5)
    assert fit(again, data, data, plan, tmp_path, quiet=True) == history
    np.testing.assert_allclose(again.predict(data[0], verbose=0), first.predict(data[0], verbose=0), atol=1e-6)


def test_old_checkpoints_are_removed(data, tmp_path):
    fit(model(), data, data, Plan(6, 16, 0, patience=6), tmp_path, quiet=True)
    state = json.loads((tmp_path / STATE_FILE).read_text())
    assert {path.name for path in tmp_path.glob("*.h5")} == {state["weights"], state["best_weights"]}


def _folder(parent, name):
    (parent / name).mkdir()
    return parent / name
