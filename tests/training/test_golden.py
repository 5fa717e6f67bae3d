"""Golden inputs: made at export for every kind of input, the same each time, spread over the answers."""

import numpy as np
import pytest

from app.inputs.spec import DigitSpec, ImageSpec, TextSpec
from training.golden import COUNT, golden_inputs


def by_brightness(pool):
    bright = pool.reshape(len(pool), -1).mean(1) / 255
    return np.stack([bright, 1 - bright], 1).astype(np.float32)


@pytest.mark.parametrize("spec", [ImageSpec(mode="RGB", height=64, width=48), ImageSpec(mode="L", height=32, width=32)])
def test_pictures_are_of_the_spec_s_shape_and_repeat_by_their_seed(spec):
    inputs = golden_inputs(spec, by_brightness, seed=1)
    assert inputs.shape == (COUNT, spec.height, spec.width, spec.channels)
    assert inputs.dtype == np.uint8
    np.testing.assert_array_equal(inputs, golden_inputs(spec, by_brightness, seed=1))


def test_digits_are_in_normal_form():
    inputs = golden_inputs(DigitSpec(), by_brightness, seed=0)
    assert inputs.shape == (COUNT, 28, 28, 1)
    assert all(picture.max() == 255 for picture in inputs)
    assert all((picture[:2] == 0).all() for picture in inputs)


def test_texts_are_strings():
    inputs = golden_inputs(TextSpec(), lambda pool: np.eye(3, dtype=np.float32)[np.arange(len(pool)) % 3], seed=0)
    assert len(inputs) == COUNT
    assert all(isinstance(text, str) for text in inputs)


def test_each_answered_label_is_taken_in_turn():
    def lopsided(pool):
        answers = np.full((len(pool), 3), 0.05, np.float32)
        answers[:, 0] = 0.9
        answers[:2] = [0.1, 0.8, 0.1]
        answers[2] = [0.1, 0.1, 0.8]
        return answers

    pool_size = []
    inputs = golden_inputs(TextSpec(), lambda pool: (pool_size.append(pool), lopsided(pool))[1], seed=0)
    assert set(pool_size[0][:3]) <= set(inputs)
