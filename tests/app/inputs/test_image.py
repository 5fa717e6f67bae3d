import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import ExifTags, Image

from app.inputs import image as image_module
from app.inputs.errors import BrokenInputError
from app.inputs.image import DRAFT_MARGIN, fit_image, read_colour, read_grey, read_image
from app.inputs.limits import InputLimits
from app.inputs.spec import ImageSpec
from helpers.picture_files import FORMATS, cat, decode, encode, noise, shipped_file

LIMITS = InputLimits()
RGB = ImageSpec(mode="RGB", height=48, width=64)
GREY = ImageSpec(mode="L", height=48, width=64)
# What undoes each orientation, applied to the upright picture, is how a camera stores it.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def difference(one, other):
    return abs(one.astype(int) - other.astype(int)).mean()


def stored(photo, orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return (photo if STORED[orientation] is None else photo.transpose(STORED[orientation])), exif


@pytest.mark.parametrize("spec", [RGB, GREY])
@pytest.mark.parametrize("name", FORMATS)
def test_each_format_gives_the_picture_in_the_models_shape(name, spec):
    pixels = read_image(encode(cat(), name), spec, LIMITS)
    assert pixels.shape == (48, 64, spec.channels)
    assert pixels.dtype == np.uint8
    assert difference(pixels, fit_image(cat(), spec)) < 6


@pytest.mark.parametrize("spec", [RGB, GREY])
@pytest.mark.parametrize("name", ["PNG", "BMP", "TIFF"])
def test_a_lossless_file_gives_the_very_pixels(name, spec):
    assert np.array_equal(read_image(encode(cat(), name), spec, LIMITS), fit_image(cat(), spec))


@pytest.mark.parametrize("resize", ["box", "bilinear", "hamming", "bicubic", "lanczos"])
def test_the_filter_is_the_one_that_the_spec_names(resize):
    spec = ImageSpec(mode="RGB", height=20, width=31, resize=resize)
    expected = cat().resize((31, 20), Image.Resampling[resize.upper()])
    assert np.array_equal(read_image(encode(cat(), "PNG"), spec, LIMITS), expected)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_orientation_of_a_photo_is_applied_once(name, orientation):
    image, exif = stored(cat(), orientation)
    data = encode(image, name, exif=exif, **({"quality": 95} if name in ("JPEG", "WEBP") else {}))
    assert difference(read_image(data, RGB, LIMITS), fit_image(cat(), RGB)) < 3
    assert read_grey(data, LIMITS).shape == (300, 451)
    assert read_grey(data, LIMITS, longest=100).shape == (67, 100)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0MM\0*\0\0\xff\xff", b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(9)]
)
def test_damaged_metadata_does_not_cost_the_picture(exif):
    data = encode(cat(), "JPEG", exif=exif, quality=95)
    assert difference(read_image(data, RGB, LIMITS), fit_image(cat(), RGB)) < 3


@pytest.mark.parametrize("size", [64, 100, 150, 224])
@pytest.mark.parametrize("name", ["retina.jpg", "hubble_deep_field.jpg", "rocket.jpg"])
def test_decoding_a_large_jpeg_small_hardly_changes_the_result(name, size):
    data = shipped_file(name)
    for mode in ("RGB", "L"):
        spec = ImageSpec(mode=mode, height=size, width=size)
        whole = fit_image(decode(data), spec)
        assert difference(read_image(data, spec, LIMITS), whole) < 0.6


@pytest.mark.parametrize("orientation", STORED)
def test_a_large_jpeg_is_decoded_small_but_never_below_the_margin(orientation, monkeypatch):
    image, exif = stored(cat(4).resize((1800, 900)), orientation)
    data = encode(image, "JPEG", exif=exif)
    decoded = []
    to_mode = image_module.to_mode
    monkeypatch.setattr(image_module, "to_mode", lambda image, mode: decoded.append(image.size) or to_mode(image, mode))
    spec = ImageSpec(mode="RGB", height=100, width=400)
    whole = fit_image(cat(4).resize((1800, 900)), spec)
    decoded.clear()
    assert difference(read_image(data, spec, LIMITS), whole) < 3
    width, height = decoded[0] if orientation < 5 else decoded[0][::-1]
    assert (width, height) == (900, 450)
    assert width >= DRAFT_MARGIN * spec.width
    assert height >= DRAFT_MARGIN * spec.height


def test_greyscale_is_the_same_whether_a_jpeg_stores_it_as_grey_or_as_rgb():
    grey = cat().convert("L")
    one = encode(grey, "JPEG", quality=95)
    other = encode(grey.convert("RGB"), "JPEG", quality=95, subsampling=0)
    assert np.array_equal(read_image(one, GREY, LIMITS), read_image(other, GREY, LIMITS))


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_frame_of_an_animation_is_read(name):
    first, *rest = [Image.new("RGB", (20, 20), colour) for colour in ("red", "lime", "blue")]
    data = encode(first, name, save_all=True, append_images=rest, **({"lossless": True} if name == "WEBP" else {}))
    assert (read_image(data, RGB, LIMITS) == (255, 0, 0)).all()


def test_a_one_pixel_picture_is_resized_like_any_other():
    assert (read_image(encode(Image.new("RGB", (1, 1), (9, 8, 7)), "PNG"), RGB, LIMITS) == (9, 8, 7)).all()


def test_a_long_strip_is_read_in_little_time_and_memory():
    assert read_image(encode(Image.new("L", (65_535, 3), 77), "PNG"), RGB, LIMITS).max() == 77


def test_grey_is_read_at_its_own_size_or_bounded():
    data = encode(Image.fromarray(noise(30, 90)), "PNG")
    assert np.array_equal(read_grey(data, LIMITS), noise(30, 90))
    assert np.array_equal(read_grey(data, LIMITS, longest=90), noise(30, 90))
    bounded = read_grey(data, LIMITS, longest=45)
    assert bounded.shape == (15, 45)
    assert difference(bounded, noise(30, 90).reshape(15, 2, 45, 2).mean(axis=(1, 3))) < 1


def test_colour_is_read_upright_in_its_own_proportions_and_colours():
    picture = Image.new("RGB", (60, 30), (200, 10, 30))
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encode(picture, "PNG", exif=exif)
    assert read_colour(data, LIMITS).shape == (60, 30, 3)
    bounded = read_colour(data, LIMITS, longest=20)
    assert bounded.shape == (20, 10, 3)
    assert (bounded == (200, 10, 30)).all()
    assert (read_colour(encode(Image.new("L", (5, 5), 90), "PNG"), LIMITS) == 90).all()


def test_the_pixels_may_be_written_to():
    read_image(encode(cat(0.2), "PNG"), RGB, LIMITS)[0] = 0
    read_grey(encode(cat(0.2), "PNG"), LIMITS)[0] = 0


def test_threads_read_the_same_as_one():
    photos = [encode(cat(1 + number / 4), name) for number, name in enumerate(FORMATS)] * 6
    photos[7] = photos[7][:500]

    def read(data):
        try:
            return read_image(data, RGB, LIMITS).tobytes()
        except BrokenInputError as error:
            return str(error)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, photos)) == [read(data) for data in photos]


def test_reading_leaves_the_process_as_it_was():
    filters, most = list(warnings.filters), Image.MAX_IMAGE_PIXELS
    read_image(encode(cat(0.2), "WEBP"), RGB, LIMITS)
    assert warnings.filters == filters
    assert most == Image.MAX_IMAGE_PIXELS
