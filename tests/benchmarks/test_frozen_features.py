"""The study of features under shift: what it fits, what it leaves out, what it reports."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.frozen_features import CLUSTERS, EACH, Features, Logits, fit_and_ask, judge, report
from training.datasets.base import Dataset, Split
from training.shortcuts import Misleading

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, 300)
TRUTH = RNG.integers(0, 2, 90)
CLUSTER_OF = np.arange(300) % CLUSTERS


def split(labels):
    names = tuple(str(row) for row in range(len(labels)))
    return Split(np.zeros((len(labels), 4, 4, 1), np.uint8), labels, names, names)


def telling(labels, noise):
    return (labels[:, None] + noise * RNG.normal(size=(len(labels), 3))).astype(np.float32)


DATA = Dataset("drawn", ("NORMAL", "PNEUMONIA"), None, "0" * 64, split(LABELS), split(TRUTH), 0.2, ())
MISLEADING = Misleading(RNG.random(300), RNG.random(90))
FEATURES = Features(
    telling(LABELS, 0.5), telling(TRUTH, 0.5), {"blur": telling(TRUTH[::EACH], 0.6), "noise": telling(TRUTH[::EACH], 3)}
)


@pytest.fixture(scope="module")
def said():
    return fit_and_ask(FEATURES, LABELS, None, CLUSTER_OF)


def test_the_worst_shift_is_the_one_with_the_smallest_area(said):
    row = judge(said, DATA, MISLEADING, CLUSTER_OF, "features")
    assert row.worst_shift[0] == "noise"
    assert row.worst_shift[1] == pytest.approx(roc_auc_score(TRUTH[::EACH], said.shifted["noise"]))
    assert row.validation > 0.9 > row.worst_shift[1]


def test_each_cluster_is_judged_by_a_classifier_that_did_not_see_it():
    labels = LABELS.copy()
    labels[CLUSTER_OF == 0] = 1 - labels[CLUSTER_OF == 0]
    flipped = fit_and_ask(FEATURES, labels, None, CLUSTER_OF)
    row = judge(flipped, DATA.__class__(**{**vars(DATA), "train": split(labels)}), MISLEADING, CLUSTER_OF, "features")
    assert row.clusters[0] < 0.3
    assert min(row.clusters[1:]) > 0.8


def test_logits_of_several_sizes_are_added(said):
    both = said + said
    assert isinstance(both, Logits)
    np.testing.assert_allclose(both.shifted["blur"], 2 * said.shifted["blur"])
    np.testing.assert_allclose(both.clusters[3], 2 * said.clusters[3])


def test_the_report_has_a_row_for_each_classifier(said):
    text = report([judge(said, DATA, MISLEADING, CLUSTER_OF, title) for title in ("first", "second")])
    assert text.count("(noise)") == 2
    assert "| first |" in text
