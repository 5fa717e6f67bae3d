"""An ensemble: the mean of its members in logits and maps, and one constant moves the whole of it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from training.ensemble import EnsembleNetwork
from training.network import ImageNetwork, OffsetNetwork


def member(stride, seed):
    keras.utils.set_random_seed(seed)
    trunk = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(5, 3, stride, "same", activation="relu")])
    network = ImageNetwork(trunk, keras.layers.Dense(1))
    network.classifier.set_weights([np.random.default_rng(seed).normal(size=(5, 1)), np.array([0.3])])
    return network


@pytest.fixture
def members():
    return [member(1, 1), member(4, 2)]


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), dtype=np.uint8)


def test_logits_are_the_mean_and_features_lie_side_by_side(members, pictures):
    together, apart = EnsembleNetwork(members)(pictures), [one(pictures) for one in members]
    np.testing.assert_allclose(together.logits, (apart[0].logits + apart[1].logits) / 2, rtol=1e-5)
    np.testing.assert_array_equal(together.features, np.concatenate([one.features for one in apart], 1))


def test_heat_maps_have_the_finest_size_and_the_mean_evidence(members, pictures):
    maps, coarse = EnsembleNetwork(members)(pictures).heatmaps, members[1](pictures).heatmaps
    assert maps.shape == (3, 8, 8, 2)
    fine = members[0](pictures).heatmaps
    np.testing.assert_allclose(maps, (fine + tf.image.resize(coarse, (8, 8))) / 2, rtol=1e-5)


def test_a_member_without_heat_maps_leaves_none(members, pictures):
    trunk = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4)])
    flat = ImageNetwork(trunk, keras.layers.Dense(1))
    assert EnsembleNetwork([*members, flat])(pictures).heatmaps is None


def test_an_offset_moves_the_logit_by_itself_and_nothing_else(members, pictures):
    for network in (members[0], EnsembleNetwork(members)):
        assert isinstance(network, OffsetNetwork)
        before, after = network(pictures), network.with_offset(1.5)(pictures)
        np.testing.assert_allclose(after.logits - before.logits, [[0, 1.5]] * 3, atol=1e-5)
        np.testing.assert_allclose(after.heatmaps, before.heatmaps, rtol=1e-5)


def test_it_counts_the_weights_of_every_member(members):
    assert EnsembleNetwork(members).parameters == sum(one.parameters for one in members)
