"""Shifts: each does what its name says, to grey and to colour, the same way each time."""

import numpy as np
import pytest
from PIL import Image
from skimage import data

from training.shifts import MILD_SHIFTS, STRONG_SHIFTS
from training.shortcuts import picture_statistics

ALL = (*MILD_SHIFTS, *STRONG_SHIFTS)


@pytest.fixture(scope="module")
def photos():
    pictures = (data.astronaut(), data.coffee(), data.chelsea())
    return np.stack([np.asarray(Image.fromarray(picture).resize((96, 96))) for picture in pictures])


def named(start, shifts=ALL):
    return next(shift for shift in shifts if shift.name.startswith(start))


def sharpness(images):
    return picture_statistics(images)[:, 0].mean()


@pytest.mark.parametrize("shift", ALL, ids=lambda shift: shift.name)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_shift_changes_pixels_and_keeps_shape_and_type(shift, channels, photos):
    images = photos[..., :channels]
    changed = shift(images)
    assert changed.shape == images.shape
    assert changed.dtype == np.uint8
    assert all((one != other).mean() > 0.05 for one, other in zip(changed, images, strict=True))


@pytest.mark.parametrize("shift", ALL, ids=lambda shift: shift.name)
def test_a_shift_is_the_same_each_time(shift, photos):
    np.testing.assert_array_equal(shift(photos), shift(photos))


@pytest.mark.parametrize("shift", ALL, ids=lambda shift: shift.name)
def test_the_picture_is_still_recognisable(shift, photos):
    for one, other in zip(shift(photos), photos, strict=True):
        coarse = [np.asarray(Image.fromarray(picture).resize((16, 16))).ravel() for picture in (one, other)]
        assert np.corrcoef(*coarse)[0, 1] > 0.25


def test_names_are_distinct():
    assert len({shift.name for shift in ALL}) == len(ALL)


def test_blur_and_lost_resolution_take_sharpness_and_sharpening_adds_it(photos):
    before = sharpness(photos)
    assert sharpness(named("blur")(photos)) < 0.8 * before
    assert sharpness(named("half resolution")(photos)) < 0.8 * before
    assert sharpness(named("sharpened")(photos)) > 1.2 * before


def test_gamma_below_one_lightens_and_above_one_darkens(photos):
    assert named("lighter")(photos).mean() > photos.mean() > named("darker")(photos).mean()


def test_a_border_is_black_and_a_crop_keeps_the_middle(photos):
    assert not named("black border")(photos)[:, :2].any()
    flat = np.zeros((1, 100, 100, 1), np.uint8)
    flat[:, 3:-3, 3:-3] = 200
    kept = named("middle")(flat)
    assert kept.min() > 150
    assert (kept[:, 2:-2, 2:-2] == 200).all()


def test_a_strong_shift_moves_the_picture_further_than_its_mild_one(photos):
    for mild, strong in zip(MILD_SHIFTS, STRONG_SHIFTS, strict=True):
        moved = [np.abs(shift(photos).astype(float) - photos).mean() for shift in (mild, strong)]
        assert moved[0] < moved[1], mild.name
