"""Augmentation: nothing asked for changes nothing; each change stays within its range and repeats by its seed."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from skimage import data

from training.augment import Augmentation

PICTURES = np.stack([data.chelsea()[40:264, 100:324], data.astronaut()[:224, :224]])
SEED = tf.constant([1, 2])
EVERYTHING = Augmentation(
    flip=True, rotate=10, zoom=(0.9, 1.2), stretch=0.1, shear=5, shift=0.1,
    brightness=20, contrast=0.2, gamma=0.2, blur=1.0, coarse=0.3, thicken=0.5, noise=10, erase=0.3,
)  # fmt: skip


def test_nothing_asked_for_changes_nothing():
    np.testing.assert_allclose(Augmentation()(PICTURES, SEED), PICTURES.astype(np.float32), atol=1e-2)


@pytest.mark.parametrize(
    "change",
    [
        {"flip": True},
        {"rotate": 20.0},
        {"zoom": (1.2, 1.5)},
        {"stretch": 0.3},
        {"shear": 15.0},
        {"shift": 0.2},
        {"brightness": 40.0},
        {"contrast": 0.4},
        {"gamma": 0.5},
        {"blur": 1.0},
        {"coarse": 0.2},
        {"thicken": 1.0},
        {"noise": 30.0},
        {"erase": 0.5},
    ],
)
def test_each_change_alone_changes_pictures_and_keeps_their_range(change):
    how = replace(Augmentation(), **change)
    differences = []
    for number in range(6):
        changed = np.asarray(how(PICTURES, tf.constant([number, 0])))
        assert changed.shape == PICTURES.shape
        assert changed.dtype == np.float32
        assert changed.min() >= 0
        assert changed.max() <= 255
        differences.append(np.abs(changed - PICTURES).mean())
    assert max(differences) > 1


def test_a_seed_repeats_its_change_and_another_makes_another():
    first, again = EVERYTHING(PICTURES, SEED), EVERYTHING(PICTURES, SEED)
    np.testing.assert_array_equal(first, again)
    assert np.abs(np.asarray(EVERYTHING(PICTURES, tf.constant([1, 3]))) - first).mean() > 1


def test_pictures_of_one_batch_are_changed_differently():
    twice = np.stack([PICTURES[0]] * 2)
    changed = np.asarray(EVERYTHING(twice, SEED))
    assert np.abs(changed[0] - changed[1]).mean() > 1


def test_a_flip_mirrors_left_and_right():
    how = Augmentation(flip=True)
    mirrored = [np.asarray(how(PICTURES[:1], tf.constant([n, 0])))[0] for n in range(8)]
    kinds = {bool(np.abs(m - PICTURES[0][:, ::-1]).mean() < 1) for m in mirrored}
    assert kinds == {True, False}
