"""Shortcuts: examples whose picture statistics point the wrong way are found, weighed up and measured apart."""

from dataclasses import replace

import numpy as np
import pytest
from skimage import data as pictures

from training.datasets.base import Dataset, DatasetError, Split
from training.shortcuts import STATISTICS, balancing_weights, find_misleading, hard_rows, picture_statistics


def split_of(count, seed):
    """Class 1 is bright in nine pictures of ten: brightness is the shortcut."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    bright = np.where(rng.random(count) < 0.9, labels, 1 - labels)
    inputs = np.clip(rng.normal(80 + 90 * bright[:, None, None, None], 20, (count, 24, 24, 1)), 0, 255)
    names = tuple(str(number) for number in range(count))
    return Split(inputs.astype(np.uint8), labels, names, names), bright


@pytest.fixture
def shortcut():
    (train, _), (validation, bright) = split_of(200, 0), split_of(100, 1)
    return Dataset("drawn", ("dark", "bright"), None, "0" * 64, train, validation, 0.3, ()), bright


def test_each_picture_is_described_by_every_statistic():
    cat = pictures.chelsea()[:200, :200]
    blurred = cat.reshape(50, 4, 50, 4, 3).mean((1, 3)).repeat(4, 0).repeat(4, 1).astype(np.uint8)
    statistics = picture_statistics(np.stack([cat, blurred]))
    assert statistics.shape == (2, len(STATISTICS))
    of = dict(zip(STATISTICS, statistics.T, strict=True))
    assert of["mean"] == pytest.approx(cat.mean(), rel=0.02)
    assert of["relative sharpness"][0] > of["relative sharpness"][1] * 0.9


def test_pictures_against_the_shortcut_are_found(shortcut):
    data, bright = shortcut
    against = bright != data.validation.labels
    misleading = find_misleading(data)
    assert misleading.validation[against].min() > misleading.validation[~against].max()
    assert len(misleading.train) == len(data.train)


def test_weights_balance_the_labels_and_favour_what_misleads(shortcut):
    data, _ = shortcut
    misleading = find_misleading(data).train
    labels = data.train.labels
    weights = balancing_weights(misleading, labels, 0.05)
    assert weights[labels == 0].sum() == pytest.approx(weights[labels == 1].sum(), rel=1e-4)
    assert weights.mean() == pytest.approx(1, rel=1e-4)
    for label in (0, 1):
        order = np.argsort(misleading[labels == label])
        assert (np.diff(weights[labels == label][order]) >= -1e-6).all()


def test_the_hard_part_has_examples_of_each_label():
    rows = hard_rows(np.linspace(0, 1, 40), np.arange(40) % 2)
    assert rows.tolist() == sorted(rows.tolist())
    assert np.bincount(rows % 2).tolist() == [6, 6]
    assert rows.min() >= 27


def test_two_groups_of_a_label_are_enough_to_judge_it_and_one_is_not(shortcut):
    data, _ = shortcut
    few = np.concatenate([np.flatnonzero(data.train.labels == 0)[:4], np.flatnonzero(data.train.labels == 1)])
    train = data.train.take(few)
    paired = replace(train, groups=("a", "a", "b", "b", *train.groups[4:]))
    assert len(find_misleading(replace(data, train=paired)).train) == len(train)
    alone = replace(train, groups=("a", "a", "a", "a", *train.groups[4:]))
    with pytest.raises(DatasetError, match="dark has 1 group to train on"):
        find_misleading(replace(data, train=alone))
