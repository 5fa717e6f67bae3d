"""Outlier exposure: strangers shown at training get high odds, the known low ones, through the graph that is saved."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from app.inputs.spec import DigitSpec
from training.exposure import LevelNetwork, fit_exposed
from training.network import ImageNetwork
from training.serving_module import ServingModule


def bars(count, *, upright, seed):
    """Pictures of a bar, upright or lying, uint8 `[N, 28, 28, 1]`."""
    rng = np.random.default_rng(seed)
    pictures = np.zeros((count, 28, 28, 1), np.uint8)
    for picture in pictures:
        at = int(rng.integers(8, 18))
        field = picture if upright else picture.transpose(1, 0, 2)
        field[4:24, at : at + 3] = rng.integers(180, 256)
    return pictures


@pytest.fixture(scope="module")
def trunk():
    keras.utils.set_random_seed(0)
    x = image = keras.Input((28, 28, 1))
    x = keras.layers.MaxPooling2D(2)(keras.layers.Conv2D(8, 5, activation="relu")(keras.layers.Rescaling(1 / 255)(x)))
    return keras.Model(image, keras.layers.Dense(6, activation="relu")(keras.layers.Flatten()(x)))


@pytest.fixture(scope="module")
def network(trunk):
    return LevelNetwork(trunk, keras.layers.Dense(10))


@pytest.fixture(scope="module")
def scorer(network):
    known, strange = bars(300, upright=True, seed=1), bars(200, upright=False, seed=2)
    return fit_exposed(
        network(known).features.numpy(), network(strange).features.numpy(), "odds that a bar lies", seed=0
    )


def test_features_are_each_poolings_means_and_the_last_features_at_unit_length(network):
    features = network(bars(3, upright=True, seed=0)).features.numpy()
    assert features.shape == (3, 8 + 6)
    np.testing.assert_allclose(np.linalg.norm(features[:, :8], axis=1), 1, rtol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(features[:, 8:], axis=1), 1, rtol=1e-3)


def test_logits_and_parameters_are_those_of_the_network_without_levels(trunk, network):
    plain = ImageNetwork(trunk, network.classifier)
    pictures = bars(3, upright=True, seed=0)
    np.testing.assert_allclose(network(pictures).logits, plain(pictures).logits, rtol=1e-5, atol=1e-5)
    assert network.parameters == plain.parameters


def test_strangers_get_higher_odds_than_the_known_also_after_saving(network, scorer, tmp_path):
    assert scorer.method == "odds that a bar lies"
    module = ServingModule(network, scorer, 1.0, DigitSpec())
    tf.saved_model.save(module, str(tmp_path), signatures=module.signatures())
    # The loaded graph refers weakly to its variables.
    loaded = tf.saved_model.load(str(tmp_path))
    known, strange = bars(50, upright=True, seed=3), bars(50, upright=False, seed=4)
    served = loaded.signatures["serving_default"]
    assert served(inputs=known)["ood_score"].numpy().max() < served(inputs=strange)["ood_score"].numpy().min()


def test_the_score_costs_no_second_pass_through_the_trunk(network, scorer):
    served = ServingModule(network, scorer, 1.0, DigitSpec()).signatures()["serving_default"].get_concrete_function()
    assert sum(operation.type == "Conv2D" for operation in served.graph.get_operations()) == 1
