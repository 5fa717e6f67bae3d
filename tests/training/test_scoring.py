"""Scoring: one pass gives logits and scores, of the pictures as they are and of each shift."""

import keras
import numpy as np

from training.network import ImageNetwork
from training.ood import NeighbourScorer
from training.recipes.base import Fitted
from training.scoring import Scorer
from training.shifts import MILD_SHIFTS

PICTURES = np.random.default_rng(0).integers(0, 256, (150, 16, 16, 1), dtype=np.uint8)


def fitted():
    keras.utils.set_random_seed(0)
    trunk = keras.Sequential([keras.Input((16, 16, 1)), keras.layers.Conv2D(6, 3, activation="relu")])
    network = ImageNetwork(trunk, keras.layers.Dense(1))
    bank = np.asarray(network(PICTURES[:40]).features)
    return Fitted(network, NeighbourScorer(bank, directions=6))


def test_logits_and_scores_are_those_of_the_network_and_the_scorer():
    recipe = fitted()
    scored, forward = Scorer(recipe)(PICTURES), recipe.network(PICTURES)
    np.testing.assert_allclose(scored.logits, forward.logits, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(scored.ood_scores, recipe.scorer(PICTURES, forward.features), atol=1e-3)


def test_each_shift_is_scored_under_its_name():
    scorer = Scorer(fitted())
    scored = scorer.shifted(PICTURES, MILD_SHIFTS[:2])
    assert list(scored) == [shift.name for shift in MILD_SHIFTS[:2]]
    np.testing.assert_array_equal(scored[MILD_SHIFTS[1].name].logits, scorer(MILD_SHIFTS[1](PICTURES)).logits)
