"""The out-of-distribution scores, small for what they were fitted on, large elsewhere, and the threshold on them."""

import numpy as np
import pytest
import tensorflow as tf

from training.ood import (
    GaussianScorer,
    NeighbourScorer,
    acceptance_threshold,
    fit_gaussian,
    fit_neighbours,
    threshold_accepting_each,
)


def scores(scorer, features):
    return np.asarray(scorer(None, tf.constant(features, tf.float32)))


def test_it_is_the_mahalanobis_distance_where_the_subspace_is_whole():
    rng = np.random.default_rng(0)
    features = (rng.normal(size=(5000, 3)) @ np.diag([3.0, 1.0, 0.2])).astype(np.float32)
    gaussian = fit_gaussian(features)
    covariance = gaussian.components @ np.diag(gaussian.variances) @ gaussian.components.T
    outside = np.eye(3) - gaussian.components @ gaussian.components.T
    precision = np.linalg.inv(covariance + gaussian.noise * outside)
    centred = features[:50] - gaussian.mean
    expected = np.einsum("ni,ij,nj->n", centred, precision, centred) / 3
    np.testing.assert_allclose(scores(GaussianScorer(gaussian), features[:50]), expected, rtol=1e-3)


def test_inputs_like_the_training_ones_score_about_one_and_strange_ones_far_more():
    rng = np.random.default_rng(1)
    mixing = rng.normal(size=(8, 64))
    features = (rng.normal(size=(4000, 8)) @ mixing + 0.1 * rng.normal(size=(4000, 64))).astype(np.float32)
    scorer = GaussianScorer(fit_gaussian(features[:3000]))
    held_out = scores(scorer, features[3000:])
    assert held_out.mean() == pytest.approx(1.0, rel=0.2)
    strange = scores(scorer, rng.normal(0, 3, (100, 64)))
    assert strange.min() > acceptance_threshold(held_out, 0.99)


def test_constant_features_give_finite_scores():
    scorer = GaussianScorer(fit_gaussian(np.ones((10, 5), np.float32)))
    assert np.isfinite(scores(scorer, np.array([[1, 1, 1, 1, 1], [1, 1, 1, 1, 2]]))).all()


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


def test_the_bank_of_the_widest_features_stays_within_a_megabyte():
    features = np.random.default_rng(5).normal(size=(2600, 1280)).astype(np.float32)
    scorer = fit_neighbours(features)
    assert sum(2 * variable.shape.num_elements() for variable in scorer.variables) <= 2**20
    assert all(variable.dtype == tf.float16 for variable in scorer.variables)


def test_a_bank_smaller_than_the_neighbour_asked_for_still_scores():
    assert np.isfinite(scores(fit_neighbours(np.eye(4, dtype=np.float32)), np.eye(4))).all()


def test_the_threshold_accepts_the_share_asked_for():
    values = np.linspace(0, 1, 1001).astype(np.float32)
    assert (values <= acceptance_threshold(values, 0.99)).mean() == pytest.approx(0.99, abs=0.002)


def test_the_threshold_accepts_the_share_of_each_part_and_not_of_all_together():
    many, few = np.linspace(0, 1, 5001, dtype=np.float32), np.linspace(2, 3, 101, dtype=np.float32)
    threshold = threshold_accepting_each([many, few], 0.99)
    assert (few <= threshold).mean() >= 0.99
    assert threshold > acceptance_threshold(np.concatenate([many, few]), 0.99)
