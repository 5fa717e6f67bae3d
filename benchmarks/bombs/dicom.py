"""DICOM files made to cost far more than their bytes, written byte by byte: no library writes such."""

import struct
import zlib
from collections.abc import Callable, Mapping
from functools import partial

import imagecodecs
import numpy as np

from benchmarks.dicom.writing import dicom_file

EXPLICIT, DEFLATED = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"
JPEG_BASELINE, JPEG_LOSSLESS = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70"
JPEG_LS, JPEG_2000, RLE = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5"
UNDEFINED = 0xFFFFFFFF


def file(syntax: str, data_set: bytes) -> bytes:
    """A file of this transfer syntax with a data set as it is."""
    return bytes(128) + b"DICM" + element(0x00020010, b"UI", syntax.encode() + b"\0" * (len(syntax) % 2)) + data_set


def element(tag: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    """An element, explicit and little-endian (PS3.5, section 7.1.2); its length may be a lie."""
    size = len(value) if length is None else length
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr
    is_long = vr in {b"OB", b"OW", b"SQ", b"UN", b"UT"}
    return head + (struct.pack("<HI", 0, size) if is_long else struct.pack("<H", size)) + value


def item(content: bytes) -> bytes:
    """An item or a fragment."""
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


def header(side: int, bits: int = 16) -> bytes:
    """The elements of a greyscale picture."""
    numbers = {0x10: side, 0x11: side, 0x100: 8 if bits <= 8 else 16, 0x101: bits, 0x102: bits - 1, 0x103: 0}
    layout = b"".join(element(0x00280000 | tag, b"US", struct.pack("<H", value)) for tag, value in numbers.items())
    return element(0x00280004, b"CS", b"MONOCHROME2 ") + layout


def compressed(syntax: str, side: int, *fragments: bytes, bits: int = 16) -> bytes:
    """A file that claims `side` x `side` pixels, with these fragments."""
    items = b"".join(map(item, (b"", *fragments)))
    end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    return file(syntax, header(side, bits) + element(0x7FE00010, b"OB", items + end, UNDEFINED))


def small_dicom_files() -> list[bytes]:
    """A valid file for each decoder."""
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    return [dicom_file(pixels, syntax) for syntax in (EXPLICIT, JPEG_BASELINE, JPEG_LS, JPEG_2000, RLE)]


def _deflated(*parts: bytes) -> bytes:
    deflater = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return b"".join([deflater.compress(part) for part in parts] + [deflater.flush()])


def _deflated_value(megabytes: int) -> bytes:
    head = element(0x00091000, b"OB", b"", megabytes << 20)
    return file(DEFLATED, _deflated(head, *[bytes(1 << 20)] * megabytes))


def _deflated_pixels(side: int, megabytes: int) -> bytes:
    head = header(side) + element(0x7FE00010, b"OW", b"", megabytes << 20)
    return file(DEFLATED, _deflated(head, *[bytes(1 << 20)] * megabytes))


def _nested(depth: int) -> bytes:
    opening = element(0x00081111, b"SQ", b"", UNDEFINED) + struct.pack("<HHI", 0xFFFE, 0xE000, UNDEFINED)
    return file(EXPLICIT, opening * depth)


def _jpeg(side: int, lossless: bool) -> bytes:
    """A JPEG of a few bytes whose header claims a size."""
    depth = 16 if lossless else 8
    small = np.zeros((8, 8), np.uint16 if lossless else np.uint8)
    data = bytearray(imagecodecs.jpeg8_encode(small, lossless=lossless, bitspersample=depth))
    frame = data.index(b"\xff\xc3" if lossless else b"\xff\xc0")
    struct.pack_into(">HH", data, frame + 5, side, side)
    return bytes(data)


def _jpeg_ls(side: int) -> bytes:
    data = bytearray(imagecodecs.jpegls_encode(np.zeros((8, 8), np.uint16)))
    struct.pack_into(">HH", data, data.index(b"\xff\xf7") + 5, side, side)
    return bytes(data)


def jpeg_2000(
    side: int,
    *,
    tile: int | None = None,
    layers: int = 1,
    block_bits: tuple[int, int] = (6, 6),
    precincts: bytes = b"",
    filler: int = 0,
) -> bytes:
    """A code stream that claims a size and how it is cut, with no picture in it (ITU-T T.800, annex A)."""
    tile = tile or side
    size = struct.pack(">HIIIIIIIIHBBB", 0, side, side, 0, 0, tile, tile, 0, 0, 1, 15, 1, 1)
    levels = len(precincts) - 1 if precincts else 5
    coding = struct.pack(
        ">BBHBBBBBB", bool(precincts), 0, layers, 0, levels, block_bits[0] - 2, block_bits[1] - 2, 0, 1
    )
    quantisation = bytes((0x40,)) + b"\x48" * (3 * levels + 1)
    parts = [b"\xff\x4f", _segment(0x51, size), _segment(0x52, coding + precincts), _segment(0x5C, quantisation)]
    parts += [_segment(0x64, b"\0\1" + bytes(60_000))] * filler
    body = b"\xff\x93" + bytes(16)
    parts.append(_segment(0x90, struct.pack(">HIBB", 0, 12 + len(body), 0, 1)) + body)
    return b"".join([*parts, b"\xff\xd9"])


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _long_stream(code: bytes, side: int) -> bytes:
    """Fill up until the stream has the bytes that a radiograph of its size has at least."""
    return code + bytes(side * side // 2_000 + 1_000)


def _rle() -> bytes:
    header = struct.pack("<16I", 2, 64, 66, *[0] * 13)
    return header + b"\x81\0" * 2


def _largest(syntax: str) -> bytes:
    bits = 8 if syntax == JPEG_BASELINE else 16
    pixels = np.full((7_000, 7_000), 99, np.uint8 if bits == 8 else np.uint16)
    pixels[::7, ::5] = 50
    return dicom_file(pixels, syntax, bits=bits)


DICOM_BOMBS: Mapping[str, Callable[[], bytes]] = {
    "DICOM: 60,000 x 60,000 claimed": lambda: file(EXPLICIT, header(60_000) + element(0x7FE00010, b"OW", bytes(64))),
    "DICOM: 7,000 x 7,000 claimed, 64 bytes": lambda: file(
        EXPLICIT, header(7_000) + element(0x7FE00010, b"OW", bytes(64))
    ),
    "DICOM: 4,000,000 empty elements": lambda: file(EXPLICIT, element(0x00091000, b"LO", b"") * 4_000_000),
    "DICOM: 4,000,000 items": lambda: file(
        EXPLICIT, element(0x00081111, b"SQ", item(b"") * 4_000_000, UNDEFINED) + header(8)
    ),
    "DICOM: 1,500,000 sequences in each other": partial(_nested, 1_500_000),
    "DICOM: a lookup table of 32 MB": lambda: file(
        EXPLICIT, element(0x00283010, b"SQ", item(element(0x00283006, b"OW", bytes(32_000_000)))) + header(8)
    ),
    "DICOM: a window of 60,000 digits": lambda: file(
        EXPLICIT, header(8) + element(0x00281050, b"DS", b"1" * 60_000) + element(0x7FE00010, b"OW", bytes(128))
    ),
    "DICOM, deflated: a value that inflates to 128 MiB": partial(_deflated_value, 128),
    "DICOM, deflated: pixels that inflate to 128 MiB": partial(_deflated_pixels, 64, 128),
    "DICOM, deflated: 60,000 x 60,000 claimed": partial(_deflated_pixels, 60_000, 128),
    "DICOM: 4,000,000 fragments": lambda: compressed(JPEG_LOSSLESS, 64, *[b""] * 4_000_000),
    "DICOM, JPEG: 7,000 x 7,000 claimed": lambda: compressed(
        JPEG_BASELINE, 7_000, _jpeg(7_000, lossless=False), bits=8
    ),
    "DICOM, JPEG: 60,000 x 60,000 in a picture of 64 x 64": lambda: compressed(
        JPEG_BASELINE, 64, _jpeg(60_000, lossless=False), bits=8
    ),
    "DICOM, JPEG lossless: 7,000 x 7,000 claimed": lambda: compressed(
        JPEG_LOSSLESS, 7_000, _jpeg(7_000, lossless=True)
    ),
    "DICOM, JPEG lossless: the same in 25 KB": lambda: compressed(
        JPEG_LOSSLESS, 7_000, _long_stream(_jpeg(7_000, lossless=True), 7_000)
    ),
    "DICOM, JPEG-LS: 7,000 x 7,000 claimed": lambda: compressed(JPEG_LS, 7_000, _jpeg_ls(7_000)),
    "DICOM, JPEG-LS: 60,000 x 60,000 in a picture of 64 x 64": lambda: compressed(JPEG_LS, 64, _jpeg_ls(60_000)),
    "DICOM, JPEG 2000: 7,000 x 7,000 claimed": lambda: compressed(JPEG_2000, 7_000, jpeg_2000(7_000)),
    "DICOM, JPEG 2000: 60,000 x 60,000 in a picture of 64 x 64": lambda: compressed(JPEG_2000, 64, jpeg_2000(60_000)),
    "DICOM, JPEG 2000: tiles of one pixel": lambda: compressed(JPEG_2000, 1_900, jpeg_2000(1_900, tile=1)),
    "DICOM, JPEG 2000: blocks of 4 x 4": lambda: compressed(JPEG_2000, 1_900, jpeg_2000(1_900, block_bits=(2, 2))),
    "DICOM, JPEG 2000: precincts of one pixel": lambda: compressed(
        JPEG_2000, 1_900, jpeg_2000(1_900, precincts=bytes(6))
    ),
    "DICOM, JPEG 2000: 65,535 layers": lambda: compressed(
        JPEG_2000, 1_900, jpeg_2000(1_900, layers=65_535, precincts=b"\x77" * 6)
    ),
    "DICOM, JPEG 2000: 32 MB of comments": lambda: compressed(JPEG_2000, 64, jpeg_2000(64, filler=550)),
    "DICOM, RLE: 7,000 x 7,000 claimed": lambda: compressed(RLE, 7_000, _rle()),
    "DICOM, RLE: the same in 25 KB": lambda: compressed(RLE, 7_000, _long_stream(_rle(), 7_000)),
}

DICOM_LARGEST: Mapping[str, Callable[[], bytes]] = {
    "DICOM, deflated": partial(_largest, DEFLATED),
    "DICOM, JPEG": partial(_largest, JPEG_BASELINE),
    "DICOM, JPEG lossless": partial(_largest, JPEG_LOSSLESS),
    "DICOM, JPEG-LS": partial(_largest, JPEG_LS),
    "DICOM, JPEG 2000": partial(_largest, JPEG_2000),
    "DICOM, RLE": partial(_largest, RLE),
}
