import time

import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.inputs.digit import normalise_digit, read_digit
from app.inputs.errors import BrokenInputError
from app.inputs.limits import InputLimits
from helpers.handwriting import enlarged, font_digit, likeness, lit, mnist_digits, on_paper, photographed, shadowed
from helpers.picture_files import FORMATS, encode

LIMITS = InputLimits()
DIGITS = range(10)


def clean(digit):
    return normalise_digit(photographed(on_paper(font_digit(digit))))


def centre_of_mass(field):
    weight = field[..., 0] / field.sum()
    return (weight.sum(axis=1) @ np.arange(28)), (weight.sum(axis=0) @ np.arange(28))


def drawn_on(page, **shapes):
    """Draw lines in a pen's grey: each shape is (points, width)."""
    image = Image.fromarray(photographed(page))
    for points, width in shapes.values():
        ImageDraw.Draw(image).line(points, fill=35, width=width)
    return np.asarray(image)


@pytest.mark.parametrize("digit", DIGITS)
def test_a_drawn_digit_has_mnists_form(digit):
    field = clean(digit)
    assert field.shape == (28, 28, 1)
    assert field.dtype == np.uint8
    assert field.max() == 255
    assert np.median(field[[0, -1]]) == 0
    rows, columns = np.flatnonzero(field.any(axis=(1, 2))), np.flatnonzero(field.any(axis=(0, 2)))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    assert max(abs(mean - 14) for mean in centre_of_mass(field)) <= 0.55


@pytest.mark.parametrize("digit", DIGITS)
def test_proportions_are_kept(digit):
    ink = font_digit(digit)
    field = clean(digit)
    rows, columns = np.flatnonzero(field.any(axis=(1, 2))), np.flatnonzero(field.any(axis=(0, 2)))
    assert abs(np.ptp(columns) / np.ptp(rows) - ink.shape[1] / ink.shape[0]) < 0.1


SCENES = {
    "light on dark": lambda ink: photographed(on_paper(ink, paper=15, pen=240)),
    "faint": lambda ink: photographed(on_paper(ink, paper=200, pen=150), noise=4),
    "off centre": lambda ink: photographed(on_paper(ink, place=(0.9, 0.1))),
    "noise": lambda ink: photographed(on_paper(ink), noise=15),
    "uneven light": lambda ink: photographed(lit(on_paper(ink, place=(0.2, 0.8))), noise=5),
    "uneven light on a blackboard": lambda ink: photographed(lit(on_paper(ink, paper=40, pen=230), 0.6), noise=4),
    "shadow": lambda ink: photographed(shadowed(on_paper(ink)), noise=5),
    "wide margins": lambda ink: photographed(on_paper(ink, size=(900, 700)), noise=5),
    "no margin": lambda ink: photographed(on_paper(ink, size=ink.shape[::-1])),
    "small": lambda ink: np.asarray(Image.fromarray(photographed(on_paper(ink))).resize((100, 75))),
    "large": lambda ink: np.asarray(Image.fromarray(photographed(on_paper(ink))).resize((2000, 1500))),
}


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
@pytest.mark.parametrize("digit", DIGITS)
def test_a_photo_gives_what_a_clean_drawing_gives(digit, scene):
    assert likeness(normalise_digit(scene(font_digit(digit))), clean(digit)) > 0.9


@pytest.mark.parametrize("digit", DIGITS)
def test_specks_a_tables_edge_and_a_ruled_line_are_dropped(digit):
    page = on_paper(font_digit(digit))
    dirty = drawn_on(
        page,
        edge=((0, 4, 400, 4), 10),
        rule=((0, 280, 400, 280), 3),
        speck=((30, 60, 33, 60), 3),
        dust=((370, 90, 372, 92), 2),
    )
    assert likeness(normalise_digit(dirty), clean(digit)) > 0.98


@pytest.mark.parametrize("digit", DIGITS)
def test_the_box_of_a_form_is_dropped(digit):
    framed = drawn_on(on_paper(font_digit(digit)), box=((1, 1, 398, 1, 398, 298, 1, 298, 1, 1), 3))
    assert likeness(normalise_digit(framed), clean(digit)) > 0.98


def test_a_stroke_apart_from_the_rest_is_kept():
    two_strokes = drawn_on(
        on_paper(np.zeros((1, 1), np.uint8)), bar=((150, 80, 240, 80), 12), body=((150, 105, 160, 220), 12)
    )
    field = normalise_digit(two_strokes)[..., 0]
    top, *_, bottom = np.flatnonzero(field.max(axis=1) > 200)
    assert bottom - top >= 17
    assert np.count_nonzero(field[top] > 200) > 10
    assert np.count_nonzero(field[bottom] > 200) < 5


@pytest.mark.parametrize("size", [(400, 300), (2000, 1500)])
def test_a_thin_pens_line_comes_out_as_wide_as_mnists(size):
    page = Image.fromarray(photographed(on_paper(np.zeros((1, 1), np.uint8), size=size), noise=4))
    width, height = size
    points = [(0.4 * width, 0.3 * height), (0.6 * width, 0.3 * height), (0.45 * width, 0.7 * height)]
    ImageDraw.Draw(page).line(points, fill=40, width=max(2, width // 500))
    field = normalise_digit(np.asarray(page))
    middle = field[12:18, :, 0] / 255
    assert 1.5 < middle.sum(axis=1).mean() < 3.5
    assert middle.max(axis=1).min() > 0.6


def test_a_thick_marker_stays_solid():
    page = Image.fromarray(photographed(on_paper(np.zeros((1, 1), np.uint8)), noise=4))
    ImageDraw.Draw(page).line((200, 40, 200, 260), fill=40, width=60)
    field = normalise_digit(np.asarray(page))
    rows, columns = slice(6, 22), slice(12, 16)
    assert field[rows, columns].min() > 220


@pytest.mark.parametrize("digit", DIGITS)
def test_normalising_twice_is_as_normalising_once(digit):
    once = clean(digit)
    assert np.array_equal(normalise_digit(once[..., 0]), once)


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("shape", [(28, 28), (300, 400), (1, 1)])
def test_a_blank_page_is_refused(shape, level):
    with pytest.raises(BrokenInputError, match="no ink"):
        normalise_digit(np.full(shape, level, np.uint8))


def test_a_blank_page_in_uneven_light_is_refused():
    for noise in (0, 2, 8, 20):
        with pytest.raises(BrokenInputError, match="no ink"):
            normalise_digit(photographed(lit(on_paper(np.zeros((1, 1), np.uint8))), noise))


def test_ink_of_a_single_level_but_for_rounding_is_read():
    grey = np.ones((28, 28), np.uint8)
    grey[0, :3] = 88, 88, 0
    assert normalise_digit(grey).max() == 255


@pytest.mark.parametrize("shape", [(0, 0), (0, 9), (9, 0)])
def test_no_pixels_are_refused(shape):
    with pytest.raises(BrokenInputError, match="no pixels"):
        normalise_digit(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("name", FORMATS)
def test_a_digit_is_read_from_a_file(name):
    page = Image.fromarray(photographed(on_paper(font_digit(4)), noise=3))
    assert likeness(read_digit(encode(page, name), LIMITS), clean(4)) > 0.95


def test_a_digit_is_read_from_a_large_photo_turned_by_its_camera():
    exif = Image.Exif()
    exif[0x0112] = 6
    page = Image.fromarray(photographed(lit(on_paper(font_digit(4, 700), (2400, 1800))), noise=6))
    data = encode(page.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif)
    assert likeness(read_digit(data, LIMITS), clean(4)) > 0.95


def test_black_ink_on_a_transparent_ground_is_read():
    alpha = Image.fromarray(np.rint(255 - on_paper(font_digit(7), paper=255, pen=0)).astype(np.uint8))
    image = Image.new("RGBA", alpha.size)
    image.putalpha(alpha)
    assert likeness(read_digit(encode(image, "PNG"), LIMITS), clean(7)) > 0.99


def test_mnists_own_digits_are_left_as_they_are():
    digits = mnist_digits(1000)
    fields = np.array([normalise_digit(digit)[..., 0] for digit in digits])
    assert np.abs(fields.astype(int) - digits).mean() < 0.05
    assert np.mean([np.array_equal(field, digit) for field, digit in zip(fields, digits, strict=True)]) > 0.995
    moved = [
        np.abs(np.subtract(centre_of_mass(a[..., None]), centre_of_mass(b[..., None]))).max()
        for a, b in zip(fields, digits, strict=True)
    ]
    assert max(moved) <= 1


def test_mnists_own_digits_survive_inversion_exactly_and_lower_contrast_nearly():
    alike = []
    for digit in mnist_digits(300):
        assert np.array_equal(normalise_digit(255 - digit), normalise_digit(digit))
        dull = (digit * 0.8 + 20).astype(np.uint8)
        alike.append(likeness(normalise_digit(dull), normalise_digit(digit)))
    assert np.mean(alike) > 0.98
    # What is left out are specks beside a few digits.
    assert np.quantile(alike, 0.05) > 0.97


def test_sixty_thousand_digits_take_seconds():
    digits = mnist_digits(1000)
    start = time.process_time()
    for digit in digits:
        normalise_digit(digit)
    assert (time.process_time() - start) / len(digits) < 150e-6


MNIST_SCENES = {
    "400x300": lambda digit, at: photographed(on_paper(enlarged(digit, 180), place=at)),
    "60x40": lambda digit, at: photographed(on_paper(digit, (60, 40), at)),
    "1200x900": lambda digit, at: photographed(on_paper(enlarged(digit, 400), (1200, 900), at)),
    "noise": lambda digit, at: photographed(on_paper(enlarged(digit, 180), place=at), noise=12),
    "uneven light": lambda digit, at: photographed(
        lit(on_paper(enlarged(digit, 180), place=at), angle=9 * at[0]), noise=5
    ),
    "shadow": lambda digit, at: photographed(shadowed(on_paper(enlarged(digit, 180), place=at)), noise=5),
    "light on dark": lambda digit, at: photographed(
        on_paper(enlarged(digit, 180), place=at, paper=12, pen=240), noise=5
    ),
}


@pytest.mark.parametrize("scene", MNIST_SCENES.values(), ids=MNIST_SCENES)
def test_mnists_digits_redrawn_and_photographed_come_back(scene):
    places = np.random.default_rng(0).random((300, 2))
    digits = mnist_digits(300, first=40_000)
    alike = [
        likeness(normalise_digit(scene(digit, at)), digit[..., np.newaxis])
        for digit, at in zip(digits, places, strict=True)
    ]
    assert np.mean(alike) > 0.95
    assert np.quantile(alike, 0.02) > 0.75
