"""How many frames a picture file has, counted from its structure without decoding any."""

import struct

from app.inputs.errors import OversizedInputError
from app.inputs.sniff import PictureFormat

MAX_GIF_EXTENSIONS = 20_000
"""Extensions, and blocks in them: about 5 MB of comments, 10,000 frames with a delay."""
FULL_GIF_BLOCK = 255
"""Bytes of pixels that every encoder puts into a block, but for a frame's last."""
MAX_GIF_STRAY_BYTES = 20_000
"""Before the first frame."""
_IMAGE, _EXTENSION, _TRAILER, _STRAY = 0x2C, 0x21, 0x3B, -1


def frame_count(name: PictureFormat, data: bytes, at_most: int) -> int | None:
    """Count the frames of a file, up to the first beyond `at_most`; None for a format that is quickly told by Pillow.

    Pillow would count a GIF's frames by decoding their headers one by one, and a TIFF's pages by reading all their
    tags, in a time that grows with the square of their number; a hostile file has a million.

    Raises:
        OversizedInputError: a GIF is cut into far more pieces than an encoder makes.
    """
    if name == "GIF":
        return _gif_frames(data, at_most)
    if name == "TIFF":
        return _tiff_pages(data, at_most)
    return None


def _gif_frames(data: bytes, at_most: int) -> int:
    """Count image descriptors (GIF89a specification, section 20) up to the trailer, or to where the file ends."""
    frames = 0
    left = {
        _IMAGE: 2 * (len(data) // FULL_GIF_BLOCK + at_most),
        _EXTENSION: MAX_GIF_EXTENSIONS,
        _STRAY: MAX_GIF_STRAY_BYTES,
    }
    try:
        position = 13 + _palette_size(data[10])
        while frames <= at_most:
            block = data[position]
            if block == _IMAGE:
                frames += 1
                position += 11 + _palette_size(data[position + 9])
            elif block == _EXTENSION:
                position += 2
            elif block == _TRAILER or frames:
                break
            else:
                # Pillow looks for the first frame beyond whatever else there is, byte by byte.
                position, block = position + 1, _STRAY
            left[block] -= 1
            while block != _STRAY and data[position] and left[block] >= 0:
                position += data[position] + 1
                left[block] -= 1
            if left[block] < 0:
                raise OversizedInputError("The GIF is cut into far more pieces than a picture needs. Save it again.")
            position += block != _STRAY
    except IndexError:
        pass
    return frames


def _palette_size(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _tiff_pages(data: bytes, at_most: int) -> int:
    """Count image file directories (TIFF 6.0, section 2; BigTIFF), up to where their chain ends, breaks or loops."""
    order = "<" if data.startswith(b"II") else ">"
    big = 43 in data[2:4]
    entries_format, entry_size, link_format = (f"{order}Q", 20, f"{order}Q") if big else (f"{order}H", 12, f"{order}I")
    seen: set[int] = set()
    link_at = 8 if big else 4
    try:
        while len(seen) <= at_most:
            (directory,) = struct.unpack_from(link_format, data, link_at)
            if directory == 0 or directory in seen:
                break
            (entries,) = struct.unpack_from(entries_format, data, directory)
            seen.add(directory)
            link_at = directory + struct.calcsize(entries_format) + entries * entry_size
    except (struct.error, OverflowError):
        pass
    return len(seen)
