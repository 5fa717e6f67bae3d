import numpy as np
import pytest
from PIL import Image

from app.inputs.colour import to_8_bits, to_mode
from app.inputs.image import read_grey
from app.inputs.limits import InputLimits
from helpers.picture_files import cat, decode, encode, grey_tiff_tags, noise, tiff

LIMITS = InputLimits()


def levels(image):
    return np.asarray(image).astype(int)


def test_grey_stored_as_rgb_gives_exactly_its_grey_levels():
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    rgb = Image.fromarray(np.stack([grey] * 3, axis=-1))
    assert np.array_equal(to_mode(rgb, "L"), grey)
    assert np.array_equal(to_mode(Image.fromarray(grey), "RGB"), np.stack([grey] * 3, axis=-1))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "La", "RGBa"])
@pytest.mark.parametrize("target", ["L", "RGB"])
def test_transparency_is_laid_over_white(mode, target):
    black = Image.new("RGBA", (3, 1), (0, 0, 0, 0))
    black.putpixel((1, 0), (0, 0, 0, 255))
    black.putpixel((2, 0), (0, 0, 0, 128))
    steps = {"La": ["LA", "La"], "RGBa": ["RGBa"], "PA": ["PA"], "LA": ["LA"], "RGBA": []}[mode]
    image = black
    for step in steps:
        image = image.convert(step)
    shown = levels(to_mode(image, target)).reshape(3, -1)
    assert (shown[0] == 255).all()
    assert (shown[1] == 0).all()
    assert (abs(shown[2] - 127) <= 1).all()


@pytest.mark.parametrize("transparency", [1, bytes([255, 0, 255])])
def test_a_transparent_palette_entry_is_white(transparency):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 0, 0, 9, 9, 9])
    image.putpixel((1, 0), 1)
    shown = decode(encode(image, "PNG", transparency=transparency))
    assert levels(to_mode(shown, "RGB")).tolist() == [[[10, 20, 30], [255, 255, 255]]]


def test_a_transparent_grey_level_is_white():
    grey = Image.fromarray(np.array([[7, 90]], np.uint8))
    assert levels(to_mode(decode(encode(grey, "PNG", transparency=7)), "L")).tolist() == [[255, 90]]
    deep = Image.fromarray(np.array([[7 * 257, 65_535]], np.uint16))
    assert levels(to_mode(decode(encode(deep, "PNG", transparency=7 * 257)), "L")).tolist() == [[255, 255]]


def test_one_bit_is_black_and_white():
    assert set(levels(to_mode(cat(0.2).convert("1"), "L")).ravel()) == {0, 255}


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "HSV", "LAB"])
def test_another_colour_space_looks_as_it_did(mode):
    from PIL import ImageCms

    photo = cat(0.2)
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(photo, srgb, lab, outputMode="LAB")
    else:
        image = photo.convert(mode)
    assert abs(levels(to_mode(image, "RGB")) - levels(photo)).mean() < 4
    assert abs(levels(to_mode(image, "L")) - levels(photo.convert("L"))).mean() < 4


def test_a_cmyk_jpeg_as_adobe_inverts_it_looks_as_it_did():
    photo = cat(0.3)
    shown = to_mode(decode(encode(photo.convert("CMYK"), "JPEG", quality=95)), "RGB")
    assert abs(levels(shown) - levels(photo)).mean() < 4


@pytest.mark.parametrize("name", ["PNG", "TIFF"])
def test_sixteen_bits_at_full_range_equal_their_eight_bit_twin(name):
    grey = noise(40, 30)
    grey[0, :2] = 0, 255
    twin = encode(Image.fromarray(grey.astype(np.uint16) * 257), name)
    assert np.array_equal(read_grey(twin, LIMITS), grey)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_sixteen_bits_that_use_fewer_are_shown_at_full_range(bits):
    full = (1 << bits) - 1
    ramp = np.linspace(0, full, 600).astype(np.uint16).reshape(20, 30)
    shown = read_grey(encode(Image.fromarray(ramp), "PNG"), LIMITS)
    assert abs(shown.astype(int) - ramp * (255 / full)).max() <= 0.51


def test_a_dark_picture_of_sixteen_bits_stays_dark():
    assert levels(to_8_bits(Image.fromarray(np.full((4, 4), 20_000, np.uint16)))).max() == 78


def test_sixteen_bit_big_endian_tiff_is_read():
    pixels = (noise(5, 4).astype(">u2") * 257).astype(">u2")
    data = tiff(grey_tiff_tags(4, 5, bits=16), pixels.tobytes(), order=">")
    assert np.array_equal(read_grey(data, LIMITS), noise(5, 4))


@pytest.mark.parametrize("bits", [8, 16])
def test_a_tiff_whose_zero_is_white_is_not_a_negative(bits):
    grey = noise(5, 4)
    grey[0, :2] = 0, 255
    stored = (255 - grey) if bits == 8 else (255 - grey).astype("<u2") * 257
    data = tiff(grey_tiff_tags(4, 5, bits=bits, photometric=0), stored.tobytes())
    assert np.array_equal(read_grey(data, LIMITS), grey)


def test_integers_of_32_bits_are_scaled_like_those_of_16():
    grey = noise(5, 4)
    grey[0, 0] = 255
    image = Image.fromarray(grey.astype(np.int32) * 257)
    assert image.mode == "I"
    assert np.array_equal(to_8_bits(image), grey)


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_values_without_a_customary_scale_run_from_darkest_to_brightest(dtype):
    image = Image.fromarray(np.array([[-1000, 0, 1000]], dtype))
    assert levels(to_8_bits(image)).tolist() == [[0, 128, 255]]


def test_floating_point_from_zero_to_one_is_black_to_white():
    assert levels(to_8_bits(Image.fromarray(np.array([[0, 0.5, 1]], np.float32)))).tolist() == [[0, 128, 255]]
    assert levels(to_8_bits(Image.fromarray(np.array([[0, 0.2]], np.float32)))).tolist() == [[0, 51]]


def test_floating_point_that_is_not_finite_gives_a_picture():
    values = np.array([[np.nan, np.inf, -np.inf, 3e38, -3e38, 0]], np.float32)
    assert to_8_bits(Image.fromarray(values)).size == (6, 1)
    assert levels(to_8_bits(Image.fromarray(np.full((2, 2), np.nan, np.float32)))).max() == 0
