"""Outlier exposure: strangers shown at training get high odds, the known low ones, through the graph that is saved."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from training.exposure import fit_exposed, pooled_levels


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


def test_levels_are_each_poolings_means_and_the_features(trunk):
    levels = pooled_levels(trunk)(bars(3, upright=True, seed=0).astype(np.float32)).numpy()
    assert levels.shape == (3, 8 + 6)
    np.testing.assert_allclose(np.linalg.norm(levels[:, :8], axis=1), 1, rtol=1e-3)


def test_strangers_get_higher_odds_than_the_known_also_after_saving(trunk, tmp_path):
    scorer = fit_exposed(
        trunk, bars(300, upright=True, seed=1), bars(200, upright=False, seed=2), "odds that a bar lies", seed=0
    )
    assert scorer.method == "odds that a bar lies"
    scorer.graph = tf.function(
        lambda pictures: scorer(pictures, None), input_signature=[tf.TensorSpec([None, 28, 28, 1], tf.uint8)]
    )
    known, strange = bars(50, upright=True, seed=3), bars(50, upright=False, seed=4)
    assert scorer.graph(known).numpy().max() < scorer.graph(strange).numpy().min()
    tf.saved_model.save(scorer, str(tmp_path))
    # The loaded graph refers weakly to its variables.
    loaded = tf.saved_model.load(str(tmp_path))
    np.testing.assert_allclose(loaded.graph(strange), scorer.graph(strange), rtol=1e-4, atol=1e-4)
