import numpy as np
import pytest

from app.inputs.lighting import paper_level
from helpers.handwriting import font_digit, lit, on_paper, photographed, shadowed

BLANK = np.zeros((1, 1), np.uint8)


def test_even_paper_is_found_exactly_whatever_is_written_on_it():
    page = photographed(on_paper(font_digit(8), paper=201))
    assert np.abs(paper_level(page) - 201).max() < 0.01


@pytest.mark.parametrize("angle", [0, 1, 2, 4])
def test_a_slope_of_light_is_followed_under_the_ink(angle):
    bare = lit(on_paper(BLANK), angle=angle)
    written = photographed(lit(on_paper(font_digit(5)), angle=angle), noise=4)
    assert np.abs(paper_level(written) / bare - 1).mean() < 0.05


def test_the_edge_of_a_shadow_is_followed_on_both_sides():
    bare = shadowed(on_paper(BLANK))
    written = photographed(shadowed(on_paper(font_digit(5))), noise=4)
    assert np.abs(paper_level(written) / bare - 1).mean() < 0.05


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 7), (28, 28), (300, 400)])
def test_the_level_has_the_pictures_shape(shape):
    level = paper_level(np.full(shape, 90, np.uint8))
    assert level.shape == shape
    assert level.dtype == np.float32
    assert np.abs(level - 90).max() < 0.01
