"""Every set that is drawn or written comes out the same each time, and differs with the seed."""

import numpy as np
import pytest

from benchmarks.ood.redrawn import enlarged, redrawn
from benchmarks.ood.strange import GIBBERISH, NOISE
from benchmarks.strangers import gibberish, noise
from benchmarks.strangers.foreign import foreign_texts
from benchmarks.strangers.letters import DIGIT_SHAPES, LETTERS, STYLES, letters
from benchmarks.strangers.pages import text_pages
from benchmarks.strangers.paper import blank_sheets
from benchmarks.strangers.photographs import photographs, shipped

DRAW = {
    **{f"letters, {style.name}": lambda count, seed, style=style: letters(style, count, seed) for style in STYLES},
    **{name: lambda count, seed, kind=kind: noise.pictures(kind, count, seed) for name, kind in NOISE.items()},
    "pages": text_pages,
    "sheets": blank_sheets,
    "photographs": lambda count, seed: photographs(count, seed, colour=False),
}


def pixels(pictures):
    return [(picture.size, picture.mode, picture.tobytes()) for picture in pictures]


@pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW.keys())
def test_pictures_are_reproducible_and_as_many_as_asked_for(draw):
    first = pixels(draw(3, 7))
    assert len(first) == 3
    assert pixels(draw(3, 7)) == first
    assert pixels(draw(3, 8)) != first
    assert all(mode in {"L", "RGB"} for _, mode, _ in first)


@pytest.mark.parametrize("write", GIBBERISH.values(), ids=GIBBERISH.keys())
def test_texts_are_reproducible_and_as_many_as_asked_for(write):
    first = gibberish.texts(write, 4, 7)
    assert len(first) == 4
    assert all(text.strip() for text in first)
    assert gibberish.texts(write, 4, 7) == first
    assert gibberish.texts(write, 4, 8) != first


def test_every_language_has_eight_paragraphs_of_its_own():
    texts = foreign_texts()
    assert len(texts) == 13
    assert all(len(set(paragraphs)) == 8 for paragraphs in texts.values())
    assert all(paragraph.strip() for paragraphs in texts.values() for paragraph in paragraphs)


def test_no_letter_is_drawn_that_may_be_read_as_a_digit():
    assert not DIGIT_SHAPES & set(LETTERS)
    assert len(LETTERS) + len(DIGIT_SHAPES) == 52


@pytest.mark.parametrize("style", STYLES, ids=[style.name for style in STYLES])
def test_a_letter_stands_out_from_its_page(style):
    for picture in letters(style, 6, 0):
        assert np.ptp(np.asarray(picture, np.int64)) > 80


def test_a_page_of_text_is_mostly_paper_with_some_ink():
    for page in text_pages(4, 0):
        levels = np.asarray(page, np.float64)
        dark = (levels < (levels.min() + levels.max()) / 2).mean()
        assert 0.01 < dark < 0.5


def test_colour_photographs_are_in_colour():
    assert {picture.mode for picture in photographs(12, 0, colour=True)} == {"RGB"}
    assert {picture.mode for picture in shipped()} == {"L", "RGB"}


def test_a_redrawn_digit_is_dark_on_light_and_its_ink_is_the_digit():
    digit = np.zeros((28, 28), np.uint8)
    digit[6:22, 12:16] = 255
    [page] = redrawn([digit], 3)
    levels = np.asarray(page, np.float64)
    middle = (levels.min() + levels.max()) / 2
    share = (levels < middle).mean()
    assert 0.005 < share < 0.1
    assert np.median(levels) > middle
    assert pixels(redrawn([digit], 3)) == pixels([page])


def test_an_enlarged_digit_keeps_its_share_of_ink():
    digit = np.zeros((28, 28), np.uint8)
    digit[6:22, 12:16] = 255
    large = enlarged(digit, 140)
    assert large.shape == (140, 140)
    assert large.mean() == pytest.approx(digit.mean(), rel=0.1)
