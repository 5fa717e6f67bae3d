"""Drawn ink that is no digit, and digits drawn anew: in MNIST's form, varied, and the same from the same seed."""

import numpy as np
from PIL import Image, ImageDraw

from app.inputs.digit import normalise_digit
from helpers.handwriting import font_digit, likeness
from training.scribbles import draw_scribbles, in_mnist_form, redraw_digits


def test_drawings_are_in_the_form_that_uploads_are_brought_into():
    drawn = draw_scribbles(60, 1)
    assert drawn.shape == (60, 28, 28, 1)
    assert drawn.dtype == np.uint8
    for one in drawn:
        rows, columns = np.flatnonzero(one.any((1, 2))), np.flatnonzero(one.any((0, 2)))
        assert one.max() == 255
        assert max(np.ptp(rows), np.ptp(columns)) in (18, 19)
    assert len({one.tobytes() for one in drawn}) == 60


def test_the_seed_decides():
    np.testing.assert_array_equal(draw_scribbles(20, 7), draw_scribbles(20, 7))
    assert not np.array_equal(draw_scribbles(20, 7), draw_scribbles(20, 8))


def test_letters_are_written_in_the_forms_given():
    lying = draw_scribbles(200, 3, {"-": ("04 84",)})
    upright = draw_scribbles(200, 3, {"-": ("40 49",)})

    def mean_height(pictures):
        return np.mean([np.ptp(np.flatnonzero(one.any((1, 2)))) for one in pictures])

    assert mean_height(upright) > mean_height(lying) + 4


def test_clean_ink_is_brought_into_the_same_form_as_an_upload_of_it():
    page = Image.new("L", (200, 200))
    ImageDraw.Draw(page).line([(50, 40), (120, 60), (70, 150)], 255, 14)
    assert likeness(in_mnist_form(page), normalise_digit(np.asarray(page))) > 0.97


def test_an_empty_page_has_no_form():
    assert in_mnist_form(Image.new("L", (50, 50))) is None


def test_a_digit_drawn_anew_is_the_same_digit_and_not_the_same_picture():
    digits = np.stack([normalise_digit(font_digit(digit)) for digit in range(10)])
    anew = redraw_digits(digits, 0)
    alike = np.array([[likeness(one, other) for other in digits] for one in anew])
    assert alike.diagonal().min() > 0.5
    assert alike.diagonal().mean() > alike.mean() + 0.2
    assert (anew != digits).any((1, 2, 3)).all()
