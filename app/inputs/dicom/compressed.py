"""From a compressed frame to the stored values, with the frame's own header checked before it is decoded."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from app.inputs.dicom import jpeg2000
from app.inputs.dicom.header import MAX_BITS, Header
from app.inputs.dicom.syntaxes import Compression
from app.inputs.errors import BrokenInputError, OversizedInputError, UnsupportedInputError

Stored = NDArray[np.uint8] | NDArray[np.uint16]
Result = TypeVar("Result")

MAX_SEGMENTS = 2_000
"""Of a JPEG before its scan, as `structure.MAX_SEGMENTS`."""
FREE_PIXELS, MAX_PIXELS_A_BYTE = 4_000_000, 2_000
"""A picture of more pixels than the first has at most so many for each byte: no radiograph is as empty."""
RLE_HEADER = struct.Struct("<16I")

# ITU-T T.81, table B.1, and ITU-T T.87, table C.1: the frames of each kind.
_BASELINE, _EXTENDED, _LOSSLESS, _LS = 0xC0, 0xC1, 0xC3, 0xF7
_FRAMES = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), _LS))
_ALLOWED: Mapping[Compression, frozenset[int]] = {
    "JPEG, 8 bits": frozenset((_BASELINE, _EXTENDED)),
    "JPEG, 12 bits": frozenset((_BASELINE, _EXTENDED)),
    "JPEG, lossless": frozenset((_LOSSLESS,)),
    "JPEG-LS": frozenset((_LS,)),
}
# Huffman codes have a bit at least: one for each pixel, or two for each block of 64 (T.81, F.1.2 and H.1.2).
_LEAST_BITS = {_BASELINE: 2 / 64, _EXTENDED: 2 / 64, _LOSSLESS: 1}
_SPARE_BYTES = 256
_MOST_PADDING = 16
"""Bytes after a JPEG's end that are looked at: one fills a fragment to an even length, some writers add more."""
_START_OF_IMAGE, _START_OF_SCAN, _END_OF_IMAGE = b"\xff\xd8", 0xDA, b"\xff\xd9"


@dataclass(frozen=True)
class Decoded:
    """Stored values `[rows, columns]` of so many bits, the highest of which is bit `high_bit` of a pixel's cell."""

    pixels: Stored
    bits: int
    high_bit: int


def decode(compression: Compression, code: bytes, header: Header) -> Decoded:
    """Decode one frame of `header.rows` x `header.columns`.

    Raises:
        BrokenInputError: damaged, cut short, or of another size than the header says.
        OversizedInputError: it would cost far more than its pixels.
        UnsupportedInputError: it is compressed in a way that is not read.
    """
    if header.rows * header.columns > max(FREE_PIXELS, MAX_PIXELS_A_BYTE * len(code)):
        raise OversizedInputError(
            f"The DICOM picture claims {header.columns:,} x {header.rows:,} pixels in {len(code):,} bytes: more than "
            "a radiograph can be compressed."
        )
    match compression:
        case "RLE":
            return _rle(code, header)
        case "JPEG 2000":
            return _jpeg_2000(code, header)
        case _:
            return _jpeg(compression, code, header)


def _rle(code: bytes, header: Header) -> Decoded:
    """PS3.5, annex G: a segment of PackBits for each byte of a pixel's cell, the most significant first."""
    from imagecodecs import packbits_decode

    size, segments = header.rows * header.columns, header.bits_allocated // 8
    if len(code) < RLE_HEADER.size:
        raise _damaged(header)
    count, *offsets = RLE_HEADER.unpack_from(code)
    if count != segments:
        raise BrokenInputError(
            f"The DICOM file's RLE data have {count} segments; one for each byte of a pixel is right."
        )
    planes = []
    for start, end in zip(offsets[:segments], [*offsets[1:segments], len(code)], strict=True):
        segment = code[start:end]
        # Two bytes give at most 128.
        if start < RLE_HEADER.size or len(segment) * 64 < size:
            raise _damaged(header)
        # Some writers fill up with more than the one byte that makes the length even.
        plane = _called(packbits_decode, segment, header, out=bytearray(size + _SPARE_BYTES))
        if len(plane) < size:
            raise _damaged(header)
        planes.append(np.frombuffer(plane, np.uint8, size))
    pixels = planes[0] if segments == 1 else np.stack(planes[::-1], axis=-1).view("<u2")
    return Decoded(pixels.reshape(header.rows, header.columns), header.bits_stored, header.high_bit)


def _jpeg(compression: Compression, code: bytes, header: Header) -> Decoded:
    from imagecodecs import jpeg8_decode, jpegls_decode

    frame = _frame_header(code)
    if frame.kind not in _ALLOWED[compression]:
        raise UnsupportedInputError(
            f"The DICOM file's pixels are not {compression}, as its transfer syntax says. Compress it anew."
        )
    if frame.components != 1:
        raise UnsupportedInputError("The JPEG data in the DICOM file are not of one grey component.")
    if (frame.height, frame.width) != (header.rows, header.columns):
        raise _of_other_size(header, frame.width, frame.height)
    if frame.bits > MAX_BITS or len(code) * 8 < frame.width * frame.height * _LEAST_BITS.get(frame.kind, 0):
        raise _damaged(header)
    if not code[-_MOST_PADDING:].rstrip(b"\0\xff").endswith(_END_OF_IMAGE):
        raise _damaged(header)
    out = np.empty((header.rows, header.columns), np.uint8 if frame.bits <= 8 else np.uint16)
    pixels = _called(jpegls_decode if frame.kind == _LS else jpeg8_decode, code, header, out=out)
    return _decoded(pixels, frame.bits, header)


def _jpeg_2000(code: bytes, header: Header) -> Decoded:
    from imagecodecs import jpeg2k_decode

    # Some writers put the stream into a JP2 file (against PS3.5, annex A.4.4).
    start = code.find(jpeg2000.START)
    if start < 0:
        raise _damaged(header)
    stream = code[start:]
    size = jpeg2000.check_stream(stream)
    if (size.height, size.width) != (header.rows, header.columns):
        raise _of_other_size(header, size.width, size.height)
    if size.bits > MAX_BITS:
        raise UnsupportedInputError(f"The JPEG 2000 data in the DICOM file have {size.bits} bits; 16 are read.")
    width = 8 if size.bits <= 8 else 16
    out = np.empty((header.rows, header.columns), f"{'i' if size.is_signed else 'u'}{width // 8}")
    pixels = _called(jpeg2k_decode, stream, header, out=out)
    # Some streams have another sign than the header, whose sign counts; the bits are the same.
    return _decoded(pixels.view(f"u{width // 8}"), size.bits, header)


def _decoded(pixels: Stored, bits: int, header: Header) -> Decoded:
    """Bring values of so many bits to those that the header says, where the two disagree.

    A signed value's sign is at the lower of the two places: above it, it is only repeated. What is not signed and
    above the highest level, as lossy compression makes it, is cut off.
    """
    if header.is_signed:
        bits = min(bits, header.bits_stored)
        return Decoded(pixels, bits, bits - 1)
    if bits > header.bits_stored:
        np.minimum(pixels, (1 << header.bits_stored) - 1, out=pixels)
    return Decoded(pixels, header.bits_stored, header.bits_stored - 1)


@dataclass(frozen=True)
class _Frame:
    kind: int
    bits: int
    height: int
    width: int
    components: int


def _frame_header(code: bytes) -> _Frame:
    """Find the frame's header (ITU-T T.81, B.2.2) before the first scan."""
    at = 2
    if not code.startswith(_START_OF_IMAGE):
        raise BrokenInputError("The DICOM file's compressed pixels are not the JPEG that its transfer syntax says.")
    for _ in range(MAX_SEGMENTS):
        while code[at : at + 2] == b"\xff\xff":
            at += 1
        if at + 10 > len(code) or code[at] != 0xFF or code[at + 1] == _START_OF_SCAN:
            break
        if code[at + 1] in _FRAMES:
            return _Frame(code[at + 1], *struct.unpack_from(">BHHB", code, at + 4))
        at += 2 + int.from_bytes(code[at + 2 : at + 4])
    raise BrokenInputError("The JPEG data in the DICOM file are damaged: they have no header of a frame.")


def _called(decoder: Callable[..., Result], code: bytes, header: Header, *, out: object) -> Result:
    try:
        return decoder(code, out=out)
    except (RuntimeError, ValueError):
        raise _damaged(header) from None


def _damaged(header: Header) -> BrokenInputError:
    return BrokenInputError(
        f"The compressed {header.columns:,} x {header.rows:,} pixels of the DICOM file are damaged or cut short."
    )


def _of_other_size(header: Header, width: int, height: int) -> BrokenInputError:
    return BrokenInputError(
        f"The DICOM header says {header.columns:,} x {header.rows:,} pixels, the compressed picture "
        f"{width:,} x {height:,}."
    )
