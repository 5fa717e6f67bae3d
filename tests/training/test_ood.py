"""The out-of-distribution scores, small for what they were fitted on, large elsewhere, and the threshold on them."""

import numpy as np
import pytest
import tensorflow as tf

from training.ood import BANK_ROWS, NeighbourScorer, acceptance_threshold, threshold_accepting_each


def scores(scorer, features):
    return np.asarray(scorer(None, tf.constant(features, tf.float32)))


def test_it_is_the_distance_from_the_kth_nearest_direction():
    rng = np.random.default_rng(2)
    bank, asked = rng.normal(size=(40, 6)).astype(np.float32), rng.normal(size=(9, 6)).astype(np.float32)
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (bank, asked)]
    distances = np.linalg.norm(unit[1][:, None] - unit[0][None], axis=2)
    expected = np.sort(distances, 1)[:, 2]
    np.testing.assert_allclose(scores(NeighbourScorer(bank, neighbour=3), asked), expected, atol=5e-3)


def test_the_length_of_features_does_not_count_but_features_without_length_are_strange():
    bank = np.random.default_rng(3).uniform(0.5, 1, (50, 8)).astype(np.float32)
    once, tenfold, nothing = scores(NeighbourScorer(bank), np.stack([bank[0], 10 * bank[0], 0 * bank[0]]))
    assert once == pytest.approx(tenfold, abs=1e-4)
    assert nothing == pytest.approx(np.sqrt(2))


def test_directions_that_the_bank_lacks_are_distance():
    rng = np.random.default_rng(4)
    plane = np.concatenate([rng.uniform(0.5, 1, (300, 4)), np.zeros((300, 60))], 1).astype(np.float32)
    scorer = NeighbourScorer(plane[:200], directions=4)
    held_out = scores(scorer, plane[200:])
    lifted = plane[200:].copy()
    lifted[:, 40] = 1.5
    assert scores(scorer, lifted).min() > held_out.max() + 0.2


def test_the_bank_of_a_backbones_features_stays_within_a_megabyte():
    features = np.random.default_rng(5).normal(size=(BANK_ROWS, 1280)).astype(np.float32)
    scorer = NeighbourScorer(features)
    assert sum(2 * variable.shape.num_elements() for variable in scorer.variables) <= 2**20
    assert all(variable.dtype == tf.float16 for variable in scorer.variables)


def test_a_bank_smaller_than_the_neighbour_asked_for_still_scores():
    assert np.isfinite(scores(NeighbourScorer(np.eye(4, dtype=np.float32)), np.eye(4))).all()


def test_the_threshold_is_the_smallest_score_that_accepts_the_share_asked_for():
    for count in (*range(1, 300), 500, 782, 894, 5999):
        values = np.random.default_rng(count).normal(size=count).astype(np.float32)
        threshold = acceptance_threshold(values, 0.99)
        assert (values <= threshold).sum() >= 0.99 * count > (values < threshold).sum(), count


def test_the_threshold_accepts_the_share_of_each_part_and_not_of_all_together():
    many, few = np.linspace(0, 1, 5001, dtype=np.float32), np.linspace(2, 3, 101, dtype=np.float32)
    threshold = threshold_accepting_each([many, few], 0.99)
    assert (few <= threshold).mean() >= 0.99
    assert threshold > acceptance_threshold(np.concatenate([many, few]), 0.99)
