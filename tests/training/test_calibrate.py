"""Calibration: the temperature that data were drawn with is found; the threshold keeps its sensitivity."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.inputs.spec import ImageSpec
from app.serving.manifest import DatasetInfo, Manifest, OodRule, SplitMetrics
from app.serving.model import DECIMALS, predict_one
from training.calibrate import (
    as_answered,
    fit_bias,
    fit_sigmoid,
    fit_temperature,
    rounded_up,
    threshold_for_sensitivity,
)


def a_manifest(ood_threshold):
    """A model of two labels that answers the likelier one."""
    return Manifest(
        task="catdog",
        version=1,
        created="2025-01-01T00:00:00Z",
        recipe="catdog/tiny",
        seed=0,
        command="quartet train catdog",
        libraries={},
        parameters=1,
        labels=("cat", "dog"),
        input=ImageSpec(mode="L", height=1, width=1),
        temperature=1.0,
        ood=OodRule(method="none", threshold=ood_threshold, chosen_by="drawn"),
        dataset=DatasetInfo(
            name="drawn", digest="0" * 64, train=1, validation=1, validation_fraction=0.5, grouped_by=None, skipped=0
        ),
        metrics=(SplitMetrics(split="validation", examples=1, values={}),),
        files={},
    )


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_labels_were_drawn_with_is_found(temperature):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 4, (20_000, 3))
    shares = np.exp(logits / temperature)
    shares /= shares.sum(1, keepdims=True)
    labels = (shares.cumsum(1) < rng.random((20_000, 1))).sum(1)
    assert fit_temperature(logits.astype(np.float32), labels) == pytest.approx(temperature, rel=0.05)


@pytest.mark.parametrize(("temperature", "bias"), [(1.0, 0.0), (2.5, 1.2), (0.5, -0.8)])
def test_the_temperature_and_the_bias_that_two_labels_were_drawn_with_are_found(temperature, bias):
    rng = np.random.default_rng(0)
    logits = np.stack([np.zeros(40_000), rng.normal(0, 4, 40_000)], 1)
    labels = (rng.random(40_000) < 1 / (1 + np.exp(-(logits[:, 1] / temperature + bias)))).astype(np.int64)
    found = fit_bias(logits.astype(np.float32), labels)
    assert found[0] == pytest.approx(temperature, rel=0.06)
    assert found[1] == pytest.approx(bias, abs=0.06)


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
    scores = as_answered(np.array([score for score, _ in rows], np.float32))
    positives = np.array([positive for _, positive in rows])
    threshold = threshold_for_sensitivity(scores, positives, sensitivity)
    reached = (scores[positives] >= threshold).mean()
    assert reached >= sensitivity - 1e-6
    higher = scores[positives][scores[positives] >= threshold].min()
    assert (scores[positives] > higher).mean() < sensitivity
    assert threshold == round(threshold, DECIMALS)


def test_the_threshold_lies_between_two_scores():
    scores = np.array([0.1, 0.2, 0.6, 0.8], np.float32)
    threshold = threshold_for_sensitivity(scores, np.array([False, False, True, True]), 1.0)
    assert threshold == pytest.approx(0.4)


def test_of_two_scores_next_to_each_other_the_lower_one_stays_below_the_threshold():
    scores = np.array([0.400000, 0.400001], np.float64)
    assert threshold_for_sensitivity(scores, np.array([False, True]), 1.0) == 0.400001


@given(st.lists(st.floats(0, 1, width=32), max_size=20))
def test_numbers_are_rounded_as_in_an_answer(scores):
    manifest = a_manifest(ood_threshold=1.0)
    answered = [predict_one(manifest, np.array([1 - score, score]), 0.0).probabilities["dog"] for score in scores]
    assert as_answered(np.array(scores, np.float32)).tolist() == answered


@given(st.floats(0, 1, width=32), st.floats(0, 1e-5))
def test_an_input_below_an_exact_threshold_is_not_above_the_rounded_one(score, distance):
    threshold = rounded_up(score + distance)
    assert predict_one(a_manifest(threshold), np.array([0.5, 0.5]), score).in_distribution
    assert threshold - (score + distance) <= 10**-DECIMALS + 1e-12
