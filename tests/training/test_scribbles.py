"""Drawn ink that is no digit: in MNIST's form, varied, and the same from the same seed."""

import numpy as np

from app.inputs.digit import normalise_digit
from training.scribbles import STROKES, draw_scribbles


def test_drawings_are_in_the_form_that_uploads_are_brought_into():
    drawn = draw_scribbles(12, 1)
    assert drawn.shape == (12, 28, 28, 1)
    assert drawn.dtype == np.uint8
    for one in drawn:
        assert one.max() == 255
        assert normalise_digit(one[..., 0]).shape == (28, 28, 1)
    assert len({one.tobytes() for one in drawn}) == 12


def test_the_seed_decides():
    np.testing.assert_array_equal(draw_scribbles(4, 7), draw_scribbles(4, 7))
    assert not np.array_equal(draw_scribbles(4, 7), draw_scribbles(4, 8))


def test_no_letter_that_may_be_a_digit_is_drawn():
    assert not set("OoIilSsZzBbGqg") & set(STROKES)
