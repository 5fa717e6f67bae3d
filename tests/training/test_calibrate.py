"""Calibration: the temperature that data were drawn with is found; the threshold keeps its sensitivity."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.calibrate import fit_sigmoid, fit_temperature, threshold_for_sensitivity


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_labels_were_drawn_with_is_found(temperature):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 4, (20_000, 3))
    shares = np.exp(logits / temperature)
    shares /= shares.sum(1, keepdims=True)
    labels = (shares.cumsum(1) < rng.random((20_000, 1))).sum(1)
    assert fit_temperature(logits.astype(np.float32), labels) == pytest.approx(temperature, rel=0.05)


def test_the_sigmoid_that_labels_were_drawn_with_is_found():
    rng = np.random.default_rng(0)
    margins = rng.normal(-0.5, 0.8, (20_000, 4))
    shares = 1 / (1 + np.exp(-(3.0 * margins + 1.0)))
    shares /= shares.sum(1, keepdims=True)
    labels = (shares.cumsum(1) < rng.random((20_000, 1))).sum(1)
    sigmoid = fit_sigmoid(margins, labels)
    assert sigmoid.slope == pytest.approx(3.0, rel=0.15)
    assert sigmoid.offset == pytest.approx(1.0, abs=0.3)


@given(
    st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=2, max_size=60).filter(
        lambda rows: any(positive for _, positive in rows)
    ),
    st.floats(0.05, 1),
)
def test_the_threshold_is_the_highest_that_keeps_the_sensitivity(rows, sensitivity):
    scores = np.array([score for score, _ in rows], np.float32)
    positives = np.array([positive for _, positive in rows])
    threshold = threshold_for_sensitivity(scores, positives, sensitivity)
    reached = (scores[positives] >= threshold).mean()
    assert reached >= sensitivity - 1e-6
    higher = scores[positives][scores[positives] >= threshold].min()
    assert (scores[positives] > higher).mean() < sensitivity


def test_the_threshold_lies_between_two_scores():
    scores = np.array([0.1, 0.2, 0.6, 0.8], np.float32)
    threshold = threshold_for_sensitivity(scores, np.array([False, False, True, True]), 1.0)
    assert threshold == pytest.approx(0.4)
