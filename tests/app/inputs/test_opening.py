"""What is refused before it is decoded, and how."""

import io
import time

import pytest
from PIL import Image

from app.inputs.errors import BrokenInputError, EmptyInputError, OversizedInputError, UnsupportedInputError
from app.inputs.limits import InputLimits
from app.inputs.opening import MAX_JPEG_SCANS, open_picture
from helpers.picture_files import (
    FORMATS,
    bmp_claiming,
    cat,
    encode,
    gif_claiming,
    grey_tiff_tags,
    noise,
    png_claiming,
    tiff,
    webp_claiming,
)


def open_and_load(data, limits=None):
    with open_picture(data, limits or InputLimits()) as image:
        image.load()


BOMBS = {
    "png": png_claiming(60_000, 60_000),
    "png beyond Pillow's warning only": png_claiming(11_000, 11_000),
    "png of one row": png_claiming(80_000_000, 1),
    "gif": gif_claiming(60_000, 60_000),
    "gif whose frame lies far out": gif_claiming(1, 1, left=65_000, top=65_000),
    "webp": webp_claiming(16_383, 16_383),
    "bmp": bmp_claiming(40_000, 40_000),
    "tiff": tiff(grey_tiff_tags(60_000, 60_000), bytes(64)),
    "tiff of one huge tile": tiff(
        grey_tiff_tags(8, 8) | {259: (8,), 322: (30_000,), 323: (30_000,), 324: (8,), 325: (64,)}, bytes(64)
    ),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_decompression_bomb_is_refused_at_once(bomb):
    start = time.perf_counter()
    with pytest.raises(OversizedInputError, match="at most"):
        open_and_load(bomb)
    assert time.perf_counter() - start < 0.5


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_decompression_bomb_is_refused_where_warnings_are_off(bomb):
    with pytest.raises(OversizedInputError, match="at most"):
        open_and_load(bomb)


def test_the_limit_of_pixels_is_the_one_given():
    data = encode(Image.new("L", (40, 25)), "PNG")
    open_and_load(data, InputLimits(max_pixels=1_000))
    with pytest.raises(OversizedInputError, match=r"40 x 25 pixels; at most 999"):
        open_and_load(data, InputLimits(max_pixels=999))


@pytest.mark.parametrize("name", ["GIF", "TIFF", "WEBP", "PNG"])
def test_too_many_frames_are_refused(name):
    first, *rest = [Image.fromarray(noise(4, 4, seed)) for seed in range(5)]
    data = encode(first, name, save_all=True, append_images=rest)
    open_and_load(data, InputLimits(max_frames=5))
    with pytest.raises(OversizedInputError, match="4 frames"):
        open_and_load(data, InputLimits(max_frames=4))


def test_a_tiff_whose_strips_name_the_same_pixels_again_and_again_is_refused():
    strips = 10_000
    tags = grey_tiff_tags(16, 16) | {273: (8,) * strips, 278: (15,), 279: (240,) * strips}
    with pytest.raises(BrokenInputError, match="overlap"):
        open_and_load(tiff(tags, bytes(256)))


def test_a_jpeg_of_endless_scans_is_refused():
    data = encode(cat(0.2), "JPEG", progressive=True)
    open_and_load(data)
    scans = b"\xff\xda\x00\x08\x01\x01\x00\x3f\x3f\x00" * MAX_JPEG_SCANS
    with pytest.raises(OversizedInputError, match="scans"):
        open_and_load(data[:-2] + scans + data[-2:])


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0, 0)])
@pytest.mark.parametrize("claiming", [png_claiming, gif_claiming, bmp_claiming])
def test_a_picture_of_zero_size_is_broken(claiming, size):
    with pytest.raises(BrokenInputError):
        open_and_load(claiming(*size) if claiming is not gif_claiming else zero_gif(size))


def zero_gif(size):
    data = bytearray(gif_claiming(*size))
    data[6:10] = bytes(4)
    return bytes(data)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.9])
def test_a_truncated_picture_is_refused_as_broken(name, kept):
    data = encode(cat(0.3), name)
    with pytest.raises(BrokenInputError, match="damaged"):
        open_and_load(data[: max(30, int(kept * len(data)))])


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group4"])
def test_a_truncated_tiff_is_refused_as_broken_whatever_its_compression(compression):
    image = cat(0.3).convert("1") if compression == "group4" else cat(0.3)
    data = encode(image, "TIFF", compression=compression)
    open_and_load(data)
    with pytest.raises(BrokenInputError):
        open_and_load(data[: len(data) // 2])


def test_nothing_is_empty():
    with pytest.raises(EmptyInputError):
        open_and_load(b"")


def test_a_format_that_pillow_knows_but_is_not_read_here_is_unsupported():
    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, "PPM")
    with pytest.raises(UnsupportedInputError):
        open_and_load(file.getvalue())


def test_an_error_inside_the_block_becomes_a_broken_input():
    with (
        pytest.raises(BrokenInputError, match=r"PNG.*no such mode"),
        open_picture(encode(cat(0.1), "PNG"), InputLimits()),
    ):
        raise KeyError("no such mode")
