"""Which structures are refused before they are walked, and that what programs write is not among them."""

import struct

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from app.inputs.errors import OversizedInputError
from app.inputs.image import read_image
from app.inputs.limits import InputLimits
from app.inputs.spec import ImageSpec
from app.inputs.structure import MAX_RLE_BYTES, MAX_TIFF_TAGS, check_structure, scan_count
from benchmarks.bombs.files import jpeg_segment, jpeg_with, png_chunk, png_with
from helpers.picture_files import cat, encode, grey_tiff_tags, noise, tiff

LIMITS = InputLimits(max_pixels=50_000_000)
SPEC = ImageSpec(mode="RGB", height=16, width=24)


def bmp_rle(width, height, pixels):
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(pixels), 0, 0, 256, 0)
    palette = b"".join(bytes((level, level, level, 0)) for level in range(256))
    return b"BM" + struct.pack("<IHHI", 1078 + len(pixels), 0, 0, 1078) + header + palette + pixels


def with_many_texts():
    texts = PngImagePlugin.PngInfo()
    for number in range(200):
        texts.add_text(f"exif:Tag{number}", "a value")
    texts.add_itxt("XML:com.adobe.xmp", "x" * 50_000)
    texts.add_text("Raw profile type iptc", "y" * 50_000, zip=True)
    return encode(cat(0.3), "PNG", pnginfo=texts)


def with_exif(**options):
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0x9003: "2024:01:01 00:00:00", 0x829A: 0.01})
    exif.get_ifd(0x8825).update({1: "N", 2: (1.0, 2.0, 3.0)})
    return encode(cat(0.3), "TIFF", exif=exif, **options)


REAL = {
    "a JPEG with 10 MB of extended XMP": lambda: jpeg_with(jpeg_segment(0xE1, b"http://x\0" + bytes(65_000)) * 160),
    "a JPEG with padding": lambda: jpeg_with(b"\xff" * 5_000),
    "a progressive JPEG": lambda: encode(cat(), "JPEG", progressive=True),
    "a JPEG with restarts": lambda: encode(cat(), "JPEG", restart_marker_blocks=1),
    "a JPEG with a profile": lambda: encode(cat(0.3), "JPEG", icc_profile=bytes(500_000)),
    "a PNG with texts": with_many_texts,
    "a PNG of tiny chunks of pixels": lambda: encode(Image.fromarray(noise(900, 900)), "PNG"),
    "a TIFF of one strip a row": lambda: encode(
        Image.fromarray(noise(3_000, 20)), "TIFF", tiffinfo={278: 1}, compression="raw"
    ),
    "a TIFF of compressed strips": lambda: encode(cat(), "TIFF", compression="tiff_lzw"),
    "a big TIFF": lambda: encode(cat(0.3), "TIFF", big_tiff=True),
    "a TIFF with Exif and GPS": with_exif,
    "a big TIFF with Exif and GPS": lambda: with_exif(big_tiff=True),
    "a TIFF with a profile": lambda: encode(cat(0.3), "TIFF", icc_profile=bytes(3_000_000)),
    "a run-length encoded BMP": lambda: bmp_rle(300, 2, b"\xff\x05\x2d\x05\0\0\xff\x05\x2d\x05\0\1"),
    "an animated WebP": lambda: encode(cat(0.1), "WEBP", save_all=True, append_images=[cat(0.1)] * 20),
}


@pytest.mark.parametrize("make", REAL.values(), ids=REAL)
def test_what_programs_write_is_read(make):
    assert read_image(make(), SPEC, LIMITS).shape == (16, 24, 3)


def test_the_pixels_of_a_run_length_encoded_bmp_are_those_meant():
    data = bmp_rle(4, 2, b"\4\x50\0\0\4\xa0\0\1")
    assert read_image(data, ImageSpec(mode="L", height=2, width=4), LIMITS)[..., 0].tolist() == [[160] * 4, [80] * 4]


EXIF, SHORT, LONG, SIGNED_LONG = 34665, 3, 4, 9
CROWDED = b"\xff" * 64
"""A directory of more tags than any has."""


def pointing(kind, count, field):
    """A TIFF whose Exif directory is named by such an entry, and stands at 8."""
    entry = struct.pack("<HHI", EXIF, LONG, 1) + struct.pack("<I", 8)
    data = tiff(grey_tiff_tags(8, 8) | {EXIF: (8,)}, CROWDED)
    assert data.count(entry) == 1
    return data.replace(entry, struct.pack("<HHI", EXIF, kind, count) + field)


def big_pointing(kind, count, field, order="<"):
    """As `pointing`, a BigTIFF; the directory stands at 16."""
    start = struct.pack(f"{order}2sHHHQ", b"II" if order == "<" else b"MM", 43, 8, 0, 16 + len(CROWDED))
    entry = struct.pack(f"{order}HHQ", EXIF, kind, count) + field
    return start + CROWDED + struct.pack(f"{order}Q", 1) + entry + bytes(8)


POINTERS = {
    "a LONG": pointing(LONG, 1, struct.pack("<I", 8)),
    "a SHORT and what is not looked at": pointing(SHORT, 1, struct.pack("<HH", 8, 0xFFFF)),
    "two SHORTs": pointing(SHORT, 2, struct.pack("<HH", 8, 0xFFFF)),
    "a signed LONG": pointing(SIGNED_LONG, 1, struct.pack("<I", 8)),
    "two LONGs elsewhere": tiff(grey_tiff_tags(8, 8) | {EXIF: (8, 8)}, CROWDED),
    "a LONG of a big TIFF and what is not looked at": big_pointing(LONG, 1, struct.pack("<II", 16, 0xFFFF)),
    "the same, big-endian": big_pointing(LONG, 1, struct.pack(">II", 16, 0xFFFF), ">"),
    "a LONG8": big_pointing(16, 1, struct.pack("<Q", 16)),
    "an IFD8": big_pointing(18, 1, struct.pack("<Q", 16)),
    "a LONG8 of a TIFF": pointing(16, 1, struct.pack("<I", 8)),
}


@pytest.mark.parametrize("data", POINTERS.values(), ids=POINTERS)
def test_a_crowded_directory_is_found_however_it_is_named(data):
    with pytest.raises(OversizedInputError, match="Save it"):
        check_structure("TIFF", data)


MANY_TAGS = {40_000 + number: (1,) for number in range(MAX_TIFF_TAGS)}
ENDLESS = {
    "segments": ("JPEG", jpeg_with(jpeg_segment(0xE5, b"") * 3_000)),
    "markers": ("JPEG", jpeg_with(b"\xff\xd8" * 3_000)),
    "EXIF segments": ("JPEG", jpeg_with(jpeg_segment(0xE1, b"Exif\0\0") * 3)),
    "stray bytes": ("JPEG", jpeg_with(jpeg_segment(0xE5, b""), b"\0" * 70_000)),
    "chunks": ("PNG", png_with(png_chunk(b"abCd", b"") * 30_000)),
    "texts": ("PNG", png_with(png_chunk(b"tEXt", b"a\0" + bytes(9_000_000)))),
    "inflated texts": ("PNG", png_with(png_chunk(b"iTXt", b"key\0\1\0\0\0") * 9)),
    "tags": ("TIFF", tiff(grey_tiff_tags(8, 8) | MANY_TAGS, bytes(64))),
    "tags, big-endian": ("TIFF", tiff(grey_tiff_tags(8, 8) | MANY_TAGS, bytes(64), ">")),
    "strips": ("TIFF", tiff(grey_tiff_tags(8, 8) | {273: (8,) * 40_000}, bytes(64))),
    "strips, cut short": ("TIFF", tiff(grey_tiff_tags(8, 8) | {273: (8,) * 40_000}, bytes(64))[:-5]),
    "EXIF tags of a TIFF": ("TIFF", tiff(grey_tiff_tags(8, 8) | {34665: (8,)}, b"\xff\xff" + bytes(62))),
    "runs": ("BMP", bmp_rle(300, 300, bytes(MAX_RLE_BYTES))),
    "run-length encoded lines": ("BMP", bmp_rle(60_000, 800, b"\0\1")),
}


@pytest.mark.parametrize(("name", "data"), ENDLESS.values(), ids=ENDLESS)
def test_far_more_pieces_than_a_picture_needs_are_refused(name, data):
    with pytest.raises(OversizedInputError, match="Save it"):
        check_structure(name, data)


def test_any_cut_of_a_file_is_left_to_the_decoder():
    for name in ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF"):
        data = encode(cat(0.1), name)
        for end in range(len(data[:400])):
            check_structure(name, data[:end])


def test_tiff_directories_that_name_each_other_end():
    check_structure("TIFF", tiff(grey_tiff_tags(8, 8) | {34665: (8,), 34853: (8,)}, bytes(64)))


@pytest.mark.parametrize("progressive", [False, True])
def test_scans_are_counted_up_to_the_end_of_the_picture(progressive):
    data = encode(cat(0.5), "JPEG", progressive=progressive)
    scans = data.count(b"\xff\xda")
    assert scans == (10 if progressive else 1)
    assert scan_count(data) == scans
    assert scan_count(data + b"\xff\xda\0\2" * 500) == scans
    thumbnail = jpeg_segment(0xE5, b"\xff\xda\xff\xd9" * 500)
    assert scan_count(data[:2] + thumbnail + data[2:]) == scans


def test_a_progressive_picture_with_a_video_behind_it_is_read():
    video = np.random.default_rng(0).bytes(100_000) + b"\xff\xda" * 2_000
    assert read_image(encode(cat(), "JPEG", progressive=True) + video, SPEC, LIMITS).shape == (16, 24, 3)


def test_endless_markers_among_scans_are_refused():
    data = encode(cat(0.1), "JPEG", progressive=True)
    with pytest.raises(OversizedInputError):
        scan_count(data[:-2] + b"\xff\x01" * 20_000 + data[-2:])


def test_the_orientation_in_huge_metadata_is_not_looked_for():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x927C] = bytes(200_000)
    data = encode(cat(0.2), "PNG", exif=exif)
    as_stored = read_image(encode(cat(0.2), "PNG"), SPEC, LIMITS)
    assert np.array_equal(read_image(data, SPEC, LIMITS), as_stored)
