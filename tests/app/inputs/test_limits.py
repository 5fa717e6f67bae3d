import pytest

from app.inputs.limits import PILLOW_MOST_PIXELS, InputLimits


@pytest.mark.parametrize("name", ["max_pixels", "max_frames", "max_characters"])
def test_a_limit_below_one_is_refused_by_name(name):
    with pytest.raises(ValueError, match=name):
        InputLimits(**{name: 0})


def test_more_pixels_than_pillow_reads_are_refused():
    assert InputLimits(max_pixels=PILLOW_MOST_PIXELS).max_pixels == PILLOW_MOST_PIXELS
    with pytest.raises(ValueError, match="max_pixels"):
        InputLimits(max_pixels=PILLOW_MOST_PIXELS + 1)
