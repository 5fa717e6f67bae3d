"""Letters as hands write them: forms that can be drawn, none of a letter that may be a digit, and a hand's variety."""

import numpy as np
import pytest

from training.letter_forms import FORMS
from training.strokes import Hand, by_hand, letter_strokes, write_letter


def test_no_letter_that_may_be_a_digit_has_a_form():
    assert not set("OoDQlIijZzySsbGBqg") & set(FORMS)


@pytest.mark.parametrize("letter", FORMS)
def test_every_form_is_strokes_of_two_points_or_more_in_the_box(letter):
    assert len(set(FORMS[letter])) == len(FORMS[letter]) >= 7
    for form in FORMS[letter]:
        for stroke in letter_strokes(form):
            assert len(stroke) >= 2
            assert stroke.min() >= 0
            assert stroke.max() <= 9 / 8


def test_no_two_writings_of_a_letter_are_the_same():
    rng = np.random.default_rng(0)
    one, other = (write_letter(rng, {"T": ("00 80/40 49",)}) for _ in range(2))
    assert len(one) == len(other) == 2
    assert not np.allclose(one[0], other[0])


def test_a_corner_stays_a_corner_under_the_hand():
    (stroke,) = by_hand(letter_strokes("09 40 40 89"), Hand(), np.random.default_rng(1))
    np.testing.assert_array_equal(stroke[1], stroke[2])
    assert not np.allclose(stroke[0], [0, 1])


def test_a_still_hand_changes_nothing():
    strokes = letter_strokes("00 80/40 49")
    still = by_hand(strokes, Hand(wobble=0, bend=0, misplaced=0, overshoot=0), np.random.default_rng(2))
    for stroke, written in zip(strokes, still, strict=True):
        np.testing.assert_array_equal(stroke, written)
