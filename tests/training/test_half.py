"""Half precision: close to the whole network, half its size in a file, and for inference only."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from training.half import HalfPrecisionTrunk


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    pixels = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(64, 3, activation="relu")(pixels)
    x = keras.layers.BatchNormalization()(x)
    return keras.Model(pixels, keras.layers.Conv2D(128, 3)(x))


@pytest.fixture
def pictures():
    return np.random.default_rng(0).normal(size=(4, 8, 8, 3)).astype(np.float32)


def test_outputs_are_those_of_the_model_to_half_precision(model, pictures):
    expected = model(pictures, training=False).numpy()
    found = HalfPrecisionTrunk(model, "net")(pictures).numpy()
    np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(expected).max())
    assert not np.array_equal(found, expected)


def test_only_large_weights_are_rounded(model):
    dtypes = {tuple(weight.shape): weight.dtype for weight in HalfPrecisionTrunk(model, "net").stored}
    assert dtypes[(3, 3, 64, 128)] == tf.float16
    assert dtypes[(3, 3, 3, 64)] == dtypes[(128,)] == tf.float32


def test_the_saved_trunk_has_one_copy_of_each_weight_and_that_in_half_precision(model, pictures, tmp_path):
    module = tf.Module()
    module.trunk = HalfPrecisionTrunk(model, "net")
    run = tf.function(module.trunk, input_signature=[tf.TensorSpec([None, 8, 8, 3])])
    tf.saved_model.save(module, str(tmp_path), signatures={"serving_default": run})
    size = next((tmp_path / "variables").glob("*.data-*")).stat().st_size
    weights = model.count_params()
    assert 2 * weights < size < 3 * weights
    loaded = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    found = next(iter(loaded(tf.constant(pictures)).values()))
    np.testing.assert_allclose(found, module.trunk(pictures), atol=1e-5)


def test_every_weight_has_a_name_of_its_own_that_starts_with_the_title(model):
    names = [weight.name for title in ("first", "second") for weight in HalfPrecisionTrunk(model, title).stored]
    assert len(set(names)) == len(names)
    assert names[0].startswith("first/")


def test_it_tells_how_many_weights_the_model_has(model):
    assert HalfPrecisionTrunk(model, "net").count_params() == model.count_params()


def test_it_refuses_to_be_trained(model, pictures):
    with pytest.raises(ValueError, match="inference only"):
        HalfPrecisionTrunk(model, "net")(pictures, training=True)
