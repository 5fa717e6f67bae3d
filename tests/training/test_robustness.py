"""Measuring under shifts: each by its name, the worst one found."""

import numpy as np

from training.datasets.base import Dataset, Split
from training.robustness import measure_shifts, worst_of
from training.scoring import Scored

LABELS = np.array([0, 1, 0, 1])
SPLIT = Split(np.zeros((4, 2, 2, 1), np.uint8), LABELS, tuple("abcd"), tuple("abcd"))
DATA = Dataset("drawn", ("NORMAL", "PNEUMONIA"), None, "0" * 64, SPLIT, SPLIT, 0.5, ())


def scored(margins):
    logits = np.stack([np.zeros(4), np.array(margins, float)], 1).astype(np.float32)
    return Scored(logits, np.zeros(4, np.float32))


def answer(one):
    odds = np.exp(one.logits)
    return odds / odds.sum(1, keepdims=True), one.logits.argmax(1)


RESULTS = measure_shifts(
    {"blur": scored([-1, 1, -1, 1]), "noise": scored([1, 1, 1, -1]), "crop": scored([-1, 1, -1, -1])}, answer, DATA, 0
)


def test_each_shift_has_its_own_figures_under_its_name():
    assert [result.shift for result in RESULTS] == ["blur", "noise", "crop"]
    assert [result.metrics.split for result in RESULTS] == [f"validation, {name}" for name in ("blur", "noise", "crop")]
    assert [result.metrics.values["accuracy"].value for result in RESULTS] == [1.0, 0.25, 0.75]


def test_the_worst_shift_is_the_one_with_the_fewest_right_answers():
    assert worst_of(RESULTS).shift == "noise"
