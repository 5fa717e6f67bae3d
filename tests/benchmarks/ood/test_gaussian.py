"""The Gaussian score: the Mahalanobis distance, about one for what it was fitted on, far larger elsewhere."""

import numpy as np
import pytest
import tensorflow as tf

from benchmarks.ood.gaussian import GaussianScorer, fit_gaussian
from training.ood import acceptance_threshold


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
