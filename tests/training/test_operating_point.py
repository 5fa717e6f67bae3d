"""The operating point of a run: decisions on the numbers that the service would answer."""

import numpy as np

from app.serving.manifest import OperatingPoint
from helpers.summaries import figure
from training.train import decisions_of

POINT = OperatingPoint(
    positive="dog", threshold=0.4, chosen_by="hand", sensitivity=figure(0.9), specificity=figure(0.9)
)


def positives(*probabilities, labels=("cat", "dog")):
    column = np.array(probabilities, np.float32)
    pair = np.stack([1 - column, column], -1) if labels[1] == "dog" else np.stack([column, 1 - column], -1)
    return (decisions_of(pair, labels, POINT) == labels.index("dog")).tolist()


def test_the_rounded_probability_meets_the_threshold():
    assert positives(0.3999996, 0.3999994, 0.4, 0.41) == [True, False, True, True]


def test_the_positive_label_may_be_the_first():
    assert positives(0.39, 0.41, labels=("dog", "cat")) == [False, True]


def test_without_an_operating_point_the_likeliest_label_is_the_answer():
    assert decisions_of(np.array([[0.2, 0.5, 0.3], [0.4, 0.3, 0.3]], np.float32), ("a", "b", "c"), None).tolist() == [
        1,
        0,
    ]
