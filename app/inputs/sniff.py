"""What kind of file some bytes are, by their first bytes and never by a name."""

import re
from typing import Literal

from app.inputs.errors import EmptyInputError, UnsupportedInputError

PictureFormat = Literal["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "DICOM"]
READ_FORMATS = "JPEG, PNG, WebP, BMP, TIFF, GIF or DICOM"

_PICTURES: tuple[tuple[bytes, PictureFormat], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II\x2a\x00", "TIFF"),
    (b"MM\x00\x2a", "TIFF"),
    (b"II\x2b\x00", "TIFF"),
    (b"MM\x00\x2b", "TIFF"),
)
# After 128 bytes that may be anything, the start of a TIFF too (PS3.10, section 7.1).
_DICOM_AT, _DICOM = 128, b"DICM"
# What the first element of a bare data set may be: of group 0002 or 0008, with a known VR or a short value.
_BARE_DICOM = re.compile(
    rb"\x02\x00[\x00-\x10]\x00(?:UL|OB|UI)|\x08\x00[\x00-\x18]\x00(?:UL|CS|UI|DA|TM|[\x02-\x40]\x00\x00\x00)"
    rb"|\x00\x08\x00[\x00-\x18](?:UL|CS|UI|DA|TM)"
)
# A BMP's magic is but two letters; the length of the header that follows tells it from a text on BMW.
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)

_OTHERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF", "a PDF document"),
    (4, b"ftypheic", "a HEIC picture"),
    (4, b"ftypheix", "a HEIC picture"),
    (4, b"ftypmif1", "a HEIF picture"),
    (4, b"ftypavif", "an AVIF picture"),
    (4, b"ftyp", "a video"),
    (0, b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (0, b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"\x00\x00\x01\x00", "an icon"),
    (0, b"PK\x03\x04", "a ZIP archive or an Office document"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (8, b"AVI ", "a video"),
    (8, b"WAVE", "a sound"),
)
_PROBE = 512


def picture_format(data: bytes) -> PictureFormat:
    """Tell which of the formats that are read `data` is, by its first bytes.

    Raises:
        EmptyInputError: there are no bytes.
        UnsupportedInputError: it is something else; the message says what, where that is easily known.
    """
    if not data:
        raise EmptyInputError(f"The file is empty. Send a {READ_FORMATS} picture.")
    found = _picture_format(data)
    if found is None:
        seen = what_else(data)
        what = f"This looks like {seen}, which is not read here" if seen else "This is not a known kind of picture"
        raise UnsupportedInputError(f"{what}. Send a {READ_FORMATS} picture.")
    return found


def what_is(data: bytes) -> str | None:
    """Name, with its article, the kind of file that `data` looks like; None where that is not known."""
    found = _picture_format(data)
    return what_else(data) if found is None else f"a {found} picture"


def what_else(data: bytes) -> str | None:
    """Name, with its article, the kind of file that `data` looks like if it is no picture that is read here."""
    for offset, magic, name in _OTHERS:
        if data.startswith(magic, offset):
            return name
    if _BARE_DICOM.match(data):
        return "a DICOM data set without the preamble and the prefix DICM of a file (PS3.10, section 7.1)"
    return _kind_of_text(data[:_PROBE])


def _picture_format(data: bytes) -> PictureFormat | None:
    if data.startswith(_DICOM, _DICOM_AT):
        return "DICOM"
    for magic, name in _PICTURES:
        if data.startswith(magic):
            return name
    if data.startswith(b"RIFF") and data.startswith(b"WEBP", 8):
        return "WEBP"
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    return None


def _kind_of_text(start: bytes) -> str | None:
    # A character of up to four bytes may be cut at the end of the probe.
    text = start.decode("utf-8-sig", errors="ignore").lstrip().lower()
    if not text or "\0" in text or len(text.encode()) < len(start.strip()) - 6:
        return None
    if text.startswith(("<!doctype html", "<html")):
        return "an HTML page"
    if "<svg" in text:
        return "an SVG drawing"
    return "text"
