import numpy as np
from PIL import Image

from app.drawing.colours import AGAINST, FOR, MAX_OPACITY, evidence_colours, tint

GREY = np.full((1, 5, 3), 128, np.uint8)
STRENGTHS = np.array([[-1, -0.5, 0, 0.5, 1]], np.float32)


def test_a_picture_without_evidence_stays_as_it_is():
    noise = np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8)
    np.testing.assert_array_equal(tint(noise, np.zeros((40, 30), np.float32)), noise)


def test_evidence_for_is_red_and_evidence_against_blue():
    against, _, none, _, for_ = tint(GREY, STRENGTHS)[0].astype(int)
    assert for_[0] > for_[2] + 50
    assert against[2] > against[0] + 50
    assert tuple(none) == (128, 128, 128)


def test_stronger_evidence_is_nearer_to_the_colour():
    strong_blue, blue, _, red, strong_red = tint(GREY, STRENGTHS)[0].astype(int)
    assert np.abs(strong_red - FOR).sum() < np.abs(red - FOR).sum()
    assert np.abs(strong_blue - AGAINST).sum() < np.abs(blue - AGAINST).sum()


def test_what_lies_under_the_strongest_evidence_is_still_seen():
    stripes = np.zeros((2, 1, 3), np.uint8)
    stripes[1] = 255
    dark, light = tint(stripes, np.ones((2, 1), np.float32))[:, 0].astype(int)
    assert ((light - dark) >= 255 * (1 - MAX_OPACITY) - 1).all()


def test_the_colours_by_themselves_laid_over_a_picture_are_the_tinted_picture():
    noise = np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8)
    strength = np.random.default_rng(1).uniform(-1, 1, (40, 30)).astype(np.float32)
    over = Image.fromarray(evidence_colours(strength))
    laid = Image.alpha_composite(Image.fromarray(noise).convert("RGBA"), over).convert("RGB")
    np.testing.assert_allclose(np.asarray(laid, int), tint(noise, strength), atol=2)


def test_the_colours_by_themselves_are_transparent_where_there_is_no_evidence():
    assert list(evidence_colours(STRENGTHS)[0, :, 3]) == [166, 83, 0, 83, 166]
