"""Bounds what a picture file's structure costs before its pixels are: Pillow walks it piece by piece, in Python.

A few thousand pieces take milliseconds; a hostile file has millions, or pieces that grow when they are read. Encoders
write a handful, so the limits are far from any picture that was made to be seen.
"""

import re
import struct
from collections.abc import Callable, Mapping
from typing import Literal

from app.inputs.errors import OversizedInputError
from app.inputs.sniff import PictureFormat

MAX_SEGMENTS = 2_000
"""Of a JPEG before its first scan; extended XMP of 10 MB takes 160."""
MAX_STRAY_BYTES = 65_536
"""Between a JPEG's segments: padding, or remains of an editor's work."""
MAX_EXIF_SEGMENTS = 2
"""Of a JPEG, which joins them; one holds all that cameras write."""
MAX_EXIF_BYTES = 2 * 65_536
"""Of any picture: beyond, there may be more tags than can be looked through quickly."""
MAX_MARKERS = 10_000
"""Of a JPEG up to its end, restarts not counted: a scan and its tables take up to ten."""
MAX_CHUNKS = 20_000
"""Of a PNG or WebP; at libpng's 8 KiB each they hold 160 MiB of pixels."""
MAX_PNG_TEXT_BYTES = 8 * 2**20
"""Stored. Python keeps up to four bytes for one of them."""
MAX_INFLATED_TEXTS = 8
"""Of a PNG; Pillow inflates each to at most 1 MiB. ImageMagick writes up to four."""
MAX_TIFF_TAGS = 1_000
MAX_TIFF_DIRECTORIES = 8
"""Of one page: its own, Exif, GPS and Interoperability."""
MAX_TIFF_VALUES = 32_768
"""Of one tag: strips of one row each for a picture of 32,768 rows, tiles of 64 x 64 for 134 million pixels."""
MAX_TIFF_TAG_BYTES = 16 * 2**20
"""Of profiles, layers and the like in one directory; Pillow keeps three copies."""
MAX_RLE_PIXELS = 640 * 480
MAX_RLE_BYTES = 320_000
"""Of a run-length encoded BMP, which Pillow decodes in Python."""

_WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xDA)))
_START_OF_SCAN, _END_OF_IMAGE, _APP1 = 0xDA, 0xD9, 0xE1
# Any but a stuffed zero, a restart or a fill byte (ITU-T T.81, B.1.1).
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_PNG_TEXTS = frozenset((b"tEXt", b"zTXt", b"iTXt"))
# The types of TIFF 6.0, section 2, that stay bytes: BYTE, ASCII, SBYTE, UNDEFINED. Of others each value is an object.
_TIFF_BLOBS = frozenset((1, 2, 6, 7))
# Exif, GPS and Interoperability (Exif 2.32, 4.6.3): directories that Pillow reads with the page.
_TIFF_DIRECTORIES = frozenset((34665, 34853, 40965))
# What names a directory: LONG and IFD, of which a BigTIFF's field has four bytes more, LONG8 and IFD8.
_TIFF_POINTERS, _BIG_TIFF_POINTERS = frozenset((4, 13)), frozenset((16, 18))
_RLE8, _RLE4 = 1, 2


def check_structure(name: PictureFormat, data: bytes) -> None:
    """Refuse a file of the format `name` whose structure alone would take long or much memory to read.

    Damage is left for the decoder to find.

    Raises:
        OversizedInputError: more pieces, or more bytes in them, than a picture needs.
    """
    check = _CHECKS.get(name)
    if check is not None:
        check(data)


def scan_count(data: bytes) -> int:
    """Count a JPEG's scans up to its end of image. What follows (a second picture, a video) is none of them.

    Raises:
        OversizedInputError: there are more than `MAX_MARKERS` markers.
    """
    # Entropy-coded bytes never hold these two; metadata and what follows the picture may.
    if data.count(b"\xff\xda") <= 1:
        return 1
    scans, position = 0, 2
    for _ in range(MAX_MARKERS):
        marker = _MARKER.search(data, position)
        if marker is None or data[marker.end() - 1] == _END_OF_IMAGE:
            return scans
        code, position = data[marker.end() - 1], marker.end()
        scans += code == _START_OF_SCAN
        if code not in _WITHOUT_LENGTH:
            position += int.from_bytes(data[position : position + 2])
    raise _oversized("JPEG")


def _check_jpeg(data: bytes) -> None:
    position, segments, exif, stray = 2, 0, 0, 0
    while position + 4 <= len(data):
        code = data[position + 1]
        if data[position] != 0xFF or code in {0x00, 0xFF}:
            position, stray = position + 1, stray + 1
        elif code == _START_OF_SCAN:
            return
        else:
            exif += code == _APP1 and data.startswith(b"Exif\0\0", position + 4)
            segments += 1
            position += 2
            if code not in _WITHOUT_LENGTH:
                position += int.from_bytes(data[position : position + 2])
        if segments > MAX_SEGMENTS or stray > MAX_STRAY_BYTES or exif > MAX_EXIF_SEGMENTS:
            raise _oversized("JPEG")


def _check_png(data: bytes) -> None:
    position, chunks, text_bytes, inflated = 8, 0, 0, 0
    while position + 8 <= len(data):
        length, kind = int.from_bytes(data[position : position + 4]), data[position + 4 : position + 8]
        chunks += 1
        if kind in _PNG_TEXTS:
            text_bytes += length
            inflated += kind == b"zTXt" or (kind == b"iTXt" and _is_compressed(data, position + 8))
        if chunks > MAX_CHUNKS or text_bytes > MAX_PNG_TEXT_BYTES or inflated > MAX_INFLATED_TEXTS:
            raise _oversized("PNG")
        position += 12 + length


def _is_compressed(data: bytes, text: int) -> bool:
    """Whether the iTXt chunk whose content begins at `text` says so, after its keyword of at most 79 bytes."""
    return data.startswith(b"\1", data.find(b"\0", text, text + 80) + 1)


def _check_webp(data: bytes) -> None:
    position, chunks = 12, 0
    while position + 8 <= len(data):
        chunks += 1
        if chunks > MAX_CHUNKS:
            raise _oversized("WebP")
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        position += 8 + length + (length & 1)


def _check_tiff(data: bytes) -> None:
    order: Literal["little", "big"] = "little" if data.startswith(b"II") else "big"
    big = 43 in data[2:4]
    number_size, count_size = (8, 8) if big else (4, 2)
    entry = struct.Struct(("<" if order == "little" else ">") + ("HHQQ" if big else "HHII"))
    first = 8 if big else 4
    page = int.from_bytes(data[first : first + number_size], order)
    # Zero is where a chain of pages ends.
    directories, seen = [page] if page else [], set[int]()
    while directories:
        at = directories.pop()
        seen.add(at)
        tags = int.from_bytes(data[at : at + count_size], order)
        if tags > MAX_TIFF_TAGS or len(seen) > MAX_TIFF_DIRECTORIES:
            raise _oversized("TIFF")
        start, blob_bytes = at + count_size, 0
        # Pillow reads the tags that are there of a directory that is cut short.
        there = max(0, min(tags, (len(data) - start) // entry.size))
        for tag, kind, values, value in entry.iter_unpack(data[start : start + there * entry.size]):
            blob_bytes += values if kind in _TIFF_BLOBS else 0
            if (kind not in _TIFF_BLOBS and values > MAX_TIFF_VALUES) or blob_bytes > MAX_TIFF_TAG_BYTES:
                raise _oversized("TIFF")
            if tag in _TIFF_DIRECTORIES:
                named = _directory_named(kind, values, value, order, big=big)
                if named not in seen:
                    directories.append(named)


def _directory_named(kind: int, values: int, field: int, order: Literal["little", "big"], *, big: bool) -> int:
    """Return where the directory stands that an entry names. Of one in another type Pillow would look elsewhere."""
    if values != 1 or kind not in _TIFF_POINTERS | (_BIG_TIFF_POINTERS if big else frozenset()):
        raise _oversized("TIFF")
    if big and kind in _TIFF_POINTERS:
        return field & 0xFFFFFFFF if order == "little" else field >> 32
    return field


def _check_bmp(data: bytes) -> None:
    header = struct.Struct("<iiHHI")
    if len(data) < 18 + header.size or int.from_bytes(data[14:18], "little") < 40:
        return
    width, height, _, _, compression = header.unpack_from(data, 18)
    if compression in {_RLE8, _RLE4} and (abs(width * height) > MAX_RLE_PIXELS or len(data) > MAX_RLE_BYTES):
        raise OversizedInputError(
            f"A run-length encoded BMP of more than {MAX_RLE_PIXELS:,} pixels or {MAX_RLE_BYTES:,} bytes is not read. "
            "Save it as PNG."
        )


def _oversized(name: str) -> OversizedInputError:
    return OversizedInputError(
        f"The {name} file holds far more metadata or pieces than a picture needs. Save it again without metadata."
    )


_CHECKS: Mapping[PictureFormat, Callable[[bytes], None]] = {
    "JPEG": _check_jpeg,
    "PNG": _check_png,
    "WEBP": _check_webp,
    "TIFF": _check_tiff,
    "BMP": _check_bmp,
}
