"""Read the structure of a JPEG 2000 code stream (ITU-T T.800, annex A) before a decoder gets it.

A decoder makes room for each tile, block, precinct and packet that the headers promise, however short the stream is.
"""

import struct
from dataclasses import dataclass

from app.inputs.errors import BrokenInputError, OversizedInputError, UnsupportedInputError

MAX_TILES = 2_048
MAX_TILE_PARTS = 8_192
MAX_MARKERS = 10_000
"""In all headers together."""
MAX_BLOCKS = 200_000
"""Code-blocks of 16 x 16 pixels for 50 million; customary are 64 x 64 and 32 x 32."""
MAX_PRECINCTS = 100_000
MAX_PACKETS = 1_000_000
"""Precincts times layers."""

START = b"\xff\x4f\xff\x51"
_SIZE, _COD, _COC, _SOT, _SOD, _END = 0xFF51, 0xFF52, 0xFF53, 0xFF90, 0xFF93, 0xFFD9
_WHOLE_PRECINCT = 15


@dataclass(frozen=True)
class Size:
    """What the SIZ marker says (A.5.1) of a picture of one component."""

    width: int
    height: int
    bits: int
    is_signed: bool
    tiles: int


@dataclass(frozen=True)
class _Coding:
    """What a COD or COC marker says (A.6.1, A.6.2): how often the picture is halved, and how it is cut."""

    levels: int
    block_bits: int
    precincts: bytes

    def blocks(self, size: Size) -> int:
        """At most so many code-blocks, but for those that tiles cut."""
        return size.width * size.height >> self.block_bits

    def precinct_count(self, size: Size) -> int:
        count = 0
        for level in range(self.levels + 1):
            packed = self.precincts[level] if level < len(self.precincts) else _WHOLE_PRECINCT * 17
            shrunk = self.levels - level
            across = -(-size.width >> shrunk + (packed & 15)) or 1
            down = -(-size.height >> shrunk + (packed >> 4)) or 1
            count += abs(across) * abs(down)
        return count + (self.levels + 1) * size.tiles


def check_stream(code: bytes) -> Size:
    """Return the size of the picture in a code stream that starts with `START`; refuse what costs too much to decode.

    Raises:
        BrokenInputError: damaged or cut short.
        OversizedInputError: more pieces than a picture needs.
        UnsupportedInputError: more than one component.
    """
    try:
        return _Stream(code).check()
    except (struct.error, IndexError):
        raise BrokenInputError("The JPEG 2000 data in the DICOM file are damaged or cut short.") from None


class _Stream:
    def __init__(self, code: bytes) -> None:
        self._code = code
        self._markers = 0
        self._layers = 1

    def check(self) -> Size:
        size = self._size()
        at = self._headers(4 + self._number(4), size, _SOT)
        for _ in range(MAX_TILE_PARTS):
            if at + 2 > len(self._code) or self._number(at) == _END:
                return size
            if self._number(at) != _SOT:
                raise IndexError
            (length,) = struct.unpack_from(">I", self._code, at + 6)
            after = self._headers(at + 2 + self._number(at + 2), size, _SOD)
            # A length of 0: up to the end (A.4.2).
            at = max(at + length, after) if length else len(self._code)
            if at > len(self._code):
                raise IndexError
        raise _oversized()

    def _size(self) -> Size:
        _, _, right, bottom, left, top = struct.unpack_from(">HHIIII", self._code, 4)
        tile_width, tile_height, tile_left, tile_top, components = struct.unpack_from(">IIIIH", self._code, 24)
        depth, step_across, step_down = struct.unpack_from(">BBB", self._code, 42)
        if components != 1:
            raise UnsupportedInputError("The JPEG 2000 data in the DICOM file are not of one grey component.")
        if not (tile_width and tile_height and left < right and top < bottom) or (step_across, step_down) != (1, 1):
            raise IndexError
        tiles = -(-(right - tile_left) // tile_width) * -(-(bottom - tile_top) // tile_height)
        if tiles > MAX_TILES:
            raise _oversized()
        return Size(right - left, bottom - top, (depth & 0x7F) + 1, depth > 0x7F, max(1, tiles))

    def _headers(self, at: int, size: Size, end: int) -> int:
        """Walk the marker segments from `at` to the marker `end`, and say where that is."""
        while (marker := self._number(at)) != end:
            self._markers += 1
            if self._markers > MAX_MARKERS:
                raise _oversized()
            if marker < 0xFF00:
                raise IndexError
            if marker == _COD:
                self._layers = max(self._layers, self._number(at + 6))
                self._check_coding(self._coding(at + 9, has_precincts=self._code[at + 4] & 1 == 1), size)
            elif marker == _COC:
                self._check_coding(self._coding(at + 6, has_precincts=self._code[at + 5] & 1 == 1), size)
            at += 2 + self._number(at + 2)
        return at

    def _coding(self, at: int, *, has_precincts: bool) -> _Coding:
        levels, width, height = self._code[at], self._code[at + 1] & 15, self._code[at + 2] & 15
        precincts = self._code[at + 5 : at + 6 + levels] if has_precincts else b""
        return _Coding(levels, width + height + 4, precincts)

    def _check_coding(self, coding: _Coding, size: Size) -> None:
        if coding.levels > 32:
            raise IndexError
        precincts = coding.precinct_count(size)
        if coding.blocks(size) > MAX_BLOCKS or precincts > MAX_PRECINCTS or precincts * self._layers > MAX_PACKETS:
            raise _oversized()

    def _number(self, at: int) -> int:
        (number,) = struct.unpack_from(">H", self._code, at)
        return int(number)


def _oversized() -> OversizedInputError:
    return OversizedInputError(
        "The JPEG 2000 data in the DICOM file are cut into far more pieces than a picture needs. Compress it anew."
    )
