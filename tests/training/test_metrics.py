"""Figures agree with scikit-learn, and their intervals cover the truth as often as they claim."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn import metrics as sk

from training.bootstrap import resample_weights
from training.metrics import confusion, measure, roc_auc, sensitivity_specificity


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def simulated(n, classes, gain, seed=0):
    """Labels and probabilities of a classifier that is right more often the larger the gain."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    logits = rng.normal(size=(n, classes))
    logits[np.arange(n), labels] += gain
    return softmax(logits), labels


def names(classes):
    return tuple(f"class{i}" for i in range(classes))


@pytest.mark.parametrize("classes", [2, 3, 12])
def test_the_values_are_scikit_learns(classes):
    probabilities, labels = simulated(700, classes, 1.0)
    decisions = probabilities.argmax(axis=1)
    values = measure(probabilities, labels, names(classes), split="validation", resamples=10).values
    exact = probabilities.astype(np.float64) / probabilities.sum(axis=1, dtype=np.float64, keepdims=True)
    scores = exact[:, 1] if classes == 2 else exact
    expected = {
        "accuracy": sk.accuracy_score(labels, decisions),
        "balanced_accuracy": sk.balanced_accuracy_score(labels, decisions),
        "macro_f1": sk.f1_score(labels, decisions, average="macro"),
        "auc": sk.roc_auc_score(labels, scores, multi_class="ovr"),
        "nll": sk.log_loss(labels, exact, labels=range(classes)),
    }
    for kind, score in (("precision", sk.precision_score), ("recall", sk.recall_score)):
        for name, value in zip(names(classes), score(labels, decisions, average=None), strict=True):
            expected[f"{kind}/{name}"] = value
    assert {name: figure.value for name, figure in values.items() if name != "ece"} == pytest.approx(expected, abs=1e-6)


def test_calibration_error_is_the_gap_between_confidence_and_accuracy_weighted_by_bin():
    # Two bins: 4 examples at 0.9 of which 2 are right, 1 example at 0.6 that is right.
    probabilities = np.array([[0.9, 0.1]] * 4 + [[0.6, 0.4]], np.float32)
    labels = np.array([0, 0, 1, 1, 0])
    values = measure(probabilities, labels, ("a", "b"), split="validation", resamples=10).values
    assert values["ece"].value == pytest.approx((4 * 0.4 + 1 * 0.4) / 5, abs=1e-6)


def test_a_classifier_that_is_as_sure_as_right_has_a_small_calibration_error():
    rng = np.random.default_rng(0)
    probabilities = softmax(rng.normal(size=(20_000, 3)) * 2)
    drawn = (rng.random((20_000, 1)) > probabilities.cumsum(axis=1)).sum(axis=1).clip(max=2)
    assert measure(probabilities, drawn, names(3), split="validation", resamples=10).values["ece"].value < 0.015


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
@settings(max_examples=60, deadline=None)
def test_auc_counts_ties_as_scikit_learn_does(seed, levels):
    rng = np.random.default_rng(seed)
    positive = rng.permutation(np.arange(40) < rng.integers(1, 40))
    scores = rng.integers(0, levels, 40) / levels
    assert roc_auc(scores, positive, resamples=1).value == pytest.approx(sk.roc_auc_score(positive, scores))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_weighting_an_example_is_repeating_it(seed):
    """A replicate computed by weights is the figure of the resampled data itself."""
    from training.weighted import CalibrationError, LogLoss, MacroAuc, Rates

    probabilities, labels = simulated(60, 4, 1.0, seed)
    decisions = probabilities.argmax(axis=1)
    weights = next(resample_weights(60, seed=seed, resamples=3))
    ones = np.ones((60, 1), np.float32)
    for column in range(3):
        drawn = np.repeat(np.arange(60), weights[:, column].astype(int))
        again = probabilities[drawn], labels[drawn]
        for figure in (MacroAuc, CalibrationError, LogLoss):
            weighted = figure(probabilities, labels)(weights)[column]
            assert weighted == pytest.approx(figure(*again)(ones)[0], abs=1e-6)
        summary, precision, recall = Rates(labels, decisions, 4)(weights)
        repeated = Rates(labels[drawn], decisions[drawn], 4)(ones)
        assert summary["macro_f1"][column] == pytest.approx(repeated[0]["macro_f1"][0])
        np.testing.assert_allclose(precision[:, column], repeated[1][:, 0])
        np.testing.assert_allclose(recall[:, column], repeated[2][:, 0])


def test_decisions_change_the_rates_and_leave_the_probabilistic_figures():
    probabilities, labels = simulated(400, 2, 1.0)
    decisions = (probabilities[:, 1] >= 0.2).astype(np.int64)
    plain = measure(probabilities, labels, ("no", "yes"), split="validation", resamples=10).values
    eager = measure(probabilities, labels, ("no", "yes"), split="validation", resamples=10, decisions=decisions).values
    assert eager["recall/yes"].value == sk.recall_score(labels, decisions) > plain["recall/yes"].value
    assert [eager[name] for name in ("auc", "ece", "nll")] == [plain[name] for name in ("auc", "ece", "nll")]


def test_a_figure_that_the_split_cannot_give_is_left_out():
    probabilities = softmax(np.array([[9.0, 0, 0, 0], [0, 9, 0, 0], [9, 0, 0, 0], [0, 9, 0, 0]]))
    labels = np.array([0, 1, 2, 1])  # 2 is never predicted, 3 does not even occur
    values = measure(probabilities, labels, names(4), split="validation", resamples=50).values
    assert "precision/class2" not in values
    assert values["recall/class2"].value == 0
    assert not {"precision/class3", "recall/class3"} & set(values)
    assert values["balanced_accuracy"].value == pytest.approx(2 / 3)


def test_a_split_of_one_class_has_no_auc():
    probabilities, _ = simulated(20, 2, 1.0)
    values = measure(probabilities, np.zeros(20, np.int64), ("a", "b"), split="validation", resamples=10).values
    assert "auc" not in values
    assert "accuracy" in values


def test_an_interval_includes_its_value():
    # Near-perfect calibration: resampling adds noise, so every replicate of the error tends to lie above it.
    probabilities = np.tile(np.array([[0.5, 0.5]], np.float32), (400, 1))
    labels = np.arange(400) % 2
    ece = measure(probabilities, labels, ("a", "b"), split="validation").values["ece"]
    assert ece.low == ece.value == 0
    assert ece.high > 0.03


def test_the_same_seed_gives_the_same_intervals():
    probabilities, labels = simulated(100, 3, 1.0)
    runs = [measure(probabilities, labels, names(3), split="s", resamples=50, seed=seed) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_intervals_cover_the_truth_about_95_percent_of_the_time():
    gain, trials = 1.2, 250
    truth = {
        "accuracy": norm.cdf(gain / 2),
        "auc": norm.cdf(gain / np.sqrt(2)),
        "recall/yes": norm.cdf(gain / 2),
    }
    covered = dict.fromkeys(truth, 0)
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        labels = rng.integers(0, 2, 250)
        scores = rng.normal(size=250) + gain * (labels - 0.5)
        probabilities = softmax(np.stack([np.zeros(250), scores], axis=1))
        values = measure(probabilities, labels, ("no", "yes"), split="s", seed=seed, resamples=300).values
        for name, value in truth.items():
            covered[name] += values[name].low <= value <= values[name].high
    for name, count in covered.items():
        assert 0.91 <= count / trials <= 0.985, name


def test_patients_drawn_as_wholes_cover_the_truth_where_single_pictures_do_not():
    truth, trials, patients, pictures = 0.7, 200, 60, 8
    covered = {"pictures": 0, "patients": 0}
    for seed in range(trials):
        right = np.repeat(np.random.default_rng(seed).random(patients) < truth, pictures)
        labels = np.arange(patients * pictures) % 2
        decisions = np.where(right, labels, 1 - labels)
        probabilities = np.full((len(labels), 2), 0.5, np.float32)
        who = np.repeat(np.arange(patients), pictures)
        for name, groups in (("pictures", None), ("patients", who)):
            accuracy = measure(
                probabilities,
                labels,
                ("a", "b"),
                split="s",
                seed=seed,
                resamples=200,
                decisions=decisions,
                groups=groups,
            ).values["accuracy"]
            covered[name] += accuracy.low <= truth <= accuracy.high
    assert covered["patients"] / trials >= 0.9
    assert covered["pictures"] / trials <= 0.7


def test_resampling_draws_as_many_groups_as_there_are_and_keeps_them_whole():
    groups = np.array(["a", "b", "b", "c", "c", "c"])
    weights = np.concatenate(list(resample_weights(6, seed=0, resamples=200, groups=groups)), axis=1)
    assert weights.shape == (6, 200)
    np.testing.assert_array_equal(weights[1], weights[2])
    np.testing.assert_array_equal(weights[3], weights[5])
    np.testing.assert_array_equal(weights[[0, 1, 3]].sum(axis=0), 3)


def test_ten_thousand_texts_of_46_topics_take_seconds():
    probabilities, labels = simulated(10_000, 46, 3.0)
    start = time.process_time()
    measure(probabilities, labels, names(46), split="validation")
    assert time.process_time() - start < 10


def test_confusion_counts_true_labels_in_rows():
    labels, decisions = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 2, 0, 2])
    np.testing.assert_array_equal(confusion(labels, decisions, 3), sk.confusion_matrix(labels, decisions))
    assert confusion(labels, decisions, 4).shape == (4, 4)


def test_sensitivity_is_of_the_positive_label_and_specificity_of_the_other():
    labels = np.array([0] * 10 + [1] * 20)
    decisions = np.array([0] * 9 + [1] * 1 + [1] * 15 + [0] * 5)
    sensitivity, specificity = sensitivity_specificity(labels, decisions)
    assert (sensitivity.value, specificity.value) == (0.75, 0.9)
    assert sensitivity.low < 0.75 < sensitivity.high
    swapped = sensitivity_specificity(labels, decisions, positive=0)
    assert (swapped[0].value, swapped[1].value) == (0.9, 0.75)


@pytest.mark.parametrize(
    ("labels", "decisions", "reason"),
    [
        ([], [], "no example"),
        ([0, 1], [0], "1 decisions for 2 labels"),
        ([0, 3], [0, 1], "labels run from 0 to 3"),
        ([0, 1], [-1, 1], "decisions run from -1 to 1"),
    ],
)
def test_classes_that_do_not_fit_are_refused(labels, decisions, reason):
    with pytest.raises(ValueError, match=reason):
        confusion(np.array(labels, np.int64), np.array(decisions, np.int64), 3)


def test_probabilities_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="labels x label_names"):
        measure(np.ones((3, 2), np.float32), np.zeros(3, np.int64), ("a", "b", "c"), split="validation")


@pytest.mark.parametrize("labels", [np.zeros(4, np.int64), np.ones(4, np.int64)])
def test_sensitivity_without_both_classes_is_refused(labels):
    with pytest.raises(ValueError, match="both positive and negative"):
        sensitivity_specificity(labels, labels)
