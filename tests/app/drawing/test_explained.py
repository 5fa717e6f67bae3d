"""What a reader of the page sees: a hot region coloured, a cold one as it was, a bar that says what colours mean."""

import io

import numpy as np
import pytest
import skimage.data
from PIL import Image

from app.drawing.explained import BAR_HEIGHT, GAP, MARGIN, PAGE_WIDTH, READABLE_SIDE, Caption, draw_explained

CAPTION = Caption("cat", "cat  98.7%")
# 300 x 500 pixels: shown as it is, since its longer side is readable.
CAT = np.asarray(Image.fromarray(skimage.data.chelsea()).resize((500, 300)))
TOP = 54


def drawn(picture=CAT, heatmap=None, caption=CAPTION):
    heatmap = np.zeros((7, 7), np.float32) if heatmap is None else heatmap
    data = draw_explained(picture, heatmap, caption)
    page = Image.open(io.BytesIO(data))
    assert (page.format, page.mode) == ("PNG", "RGB")
    return np.asarray(page).astype(int)


def shown_cat(page):
    return page[TOP : TOP + 300, MARGIN : MARGIN + 500]


def bar(page):
    top = TOP + 300 + GAP
    return page[top : top + BAR_HEIGHT, MARGIN:-MARGIN]


def test_without_evidence_the_picture_is_shown_unchanged():
    np.testing.assert_array_equal(shown_cat(drawn()), CAT)


def test_the_hot_region_is_reddened_the_cold_one_blued_and_the_rest_unchanged():
    heatmap = np.zeros((7, 7), np.float32)
    heatmap[2, 3], heatmap[6, 0] = 5, -5
    change = shown_cat(drawn(heatmap=heatmap)) - CAT
    hot, cold = change[90:125, 220:280].mean((0, 1)), change[270:, :50].mean((0, 1))
    assert hot[0] - hot[2] > 20
    assert cold[2] - cold[0] > 20
    assert (change[:, 400:] == 0).all()


def test_the_bar_goes_from_blue_through_neutral_to_red():
    colours = bar(drawn())[BAR_HEIGHT // 2]
    left, middle, right = colours[0], colours[len(colours) // 2], colours[-1]
    assert left[2] > left[0] + 50
    assert np.ptp(middle) <= 1
    assert right[0] > right[2] + 50


def test_the_bar_says_for_and_against_which_answer_in_words():
    ends = [drawn(caption=Caption(answer, "")) for answer in ("cat", "dog")]
    below = TOP + 300 + GAP + BAR_HEIGHT + 2
    left, right = (slice(below, None), slice(0, 250)), (slice(below, None), slice(-250, None))
    for side in (left, right):
        assert (ends[0][side] < 100).any()
        assert (ends[0][side] != ends[1][side]).any()


def test_the_bars_numbers_tell_the_strongest_evidence():
    weak, strong = (drawn(heatmap=np.full((7, 7), value, np.float32)) for value in (2.0, 9.0))
    below = TOP + 300 + GAP + BAR_HEIGHT + 2
    assert (weak[below:] != strong[below:]).any()
    np.testing.assert_array_equal(shown_cat(weak), shown_cat(strong))


def test_next_to_no_evidence_is_drawn_faintly():
    faint = shown_cat(drawn(heatmap=np.full((7, 7), 0.02, np.float32)))
    assert 0 < np.abs(faint - CAT).max() <= 4


def test_a_warning_makes_room_for_itself_and_is_in_its_own_colour():
    plain, warned = drawn(), drawn(caption=Caption("cat", "cat  98.7%", "Unlike the pictures it was trained on."))
    assert warned.shape[0] > plain.shape[0]
    above = warned[: warned.shape[0] - plain.shape[0] + TOP - GAP]
    assert ((above[..., 0] > 150) & (above[..., 2] < 50)).any()
    assert not ((plain[: TOP - GAP, :, 0] > 150) & (plain[: TOP - GAP, :, 2] < 50)).any()


@pytest.mark.parametrize(("height", "width"), [(28, 28), (1, 1), (60, 28)])
def test_a_small_picture_is_scaled_up_until_it_can_be_read(height, width):
    page = drawn(np.full((height, width, 3), 30, np.uint8))
    dark = (page == 30).all(-1)
    shown_height, shown_width = dark.any(1).sum(), dark.any(0).sum()
    assert max(shown_height, shown_width) == READABLE_SIDE
    assert shown_height / shown_width == pytest.approx(height / width, rel=0.01)


@pytest.mark.parametrize("shape", [(1, 800), (800, 1), (3, 800)])
def test_a_strip_is_drawn_on_a_page_wide_enough_for_the_words(shape):
    page = drawn(np.full((*shape, 3), 30, np.uint8), np.ones((7, 7), np.float32))
    assert page.shape[1] == max(shape[1], PAGE_WIDTH) + 2 * MARGIN


@pytest.mark.parametrize("cells", [(1, 1), (16, 16), (5, 9)])
def test_a_map_of_any_shape_covers_the_picture(cells):
    change = shown_cat(drawn(heatmap=np.full(cells, 3, np.float32))) - CAT
    assert (np.abs(change).sum(-1) > 0).mean() > 0.99
