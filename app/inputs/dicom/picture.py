"""From a DICOM file's bytes to its picture, in grey levels of 8 bits."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.inputs.dicom.compressed import decode
from app.inputs.dicom.elements import UNDEFINED, Place
from app.inputs.dicom.encapsulated import frame_bytes
from app.inputs.dicom.file import DicomFile, open_file
from app.inputs.dicom.header import SEQUENCES, VALUES, Header, read_header
from app.inputs.dicom.levels import to_grey
from app.inputs.errors import BrokenInputError, InputError, OversizedInputError
from app.inputs.limits import InputLimits
from app.inputs.size import check_size

Stored = NDArray[np.uint8] | NDArray[np.uint16]


@contextmanager
def open_dicom(data: bytes, limits: InputLimits) -> Iterator[Image.Image]:
    """Read the picture of a DICOM file: mode `L`, black is 0, as the file itself says that it is to be shown.

    It is decoded at once, and the room that this takes is kept for as long as the picture is.

    No message holds anything of the file but numbers of its pixels' layout.

    Raises:
        UnsupportedInputError: it holds no picture, or one of a kind or in a transfer syntax that is not read.
        OversizedInputError: more pixels than `limits` allow, or a header far larger than a picture needs.
        BrokenInputError: damaged or cut short.
    """
    with _input_errors():
        file = open_file(data, VALUES, SEQUENCES)
        header = read_header(file.data_set, file.media_class)
        check_size(header.columns, header.rows, limits)
    with limits.decoding.taken(header.rows * header.columns):
        with _input_errors():
            image = Image.fromarray(to_grey(*_stored(file, header)))
        yield image


@contextmanager
def _input_errors() -> Iterator[None]:
    """Whatever else is raised may quote the file, so it is not passed on."""
    try:
        yield
    except InputError:
        raise
    except MemoryError:
        raise OversizedInputError("The DICOM picture is too large. Send a smaller copy.") from None
    except Exception:
        raise BrokenInputError("The DICOM file is damaged. Send it again, whole.") from None


def _stored(file: DicomFile, header: Header) -> tuple[Stored, Header]:
    """The pixels as they are stored, `[rows, columns]`, and the header as they fulfil it."""
    pixels = file.data_set.pixels
    if pixels is None:
        raise BrokenInputError("The DICOM file has no pixels.")
    if file.syntax.compression is None:
        return _masked(_native(file, pixels, header), header), header
    if pixels.length != UNDEFINED:
        raise BrokenInputError("The DICOM file's pixels are not in the frames that its transfer syntax asks for.")
    code = frame_bytes(file.data, pixels.start)
    decoded = decode(file.syntax.compression, code, header)
    header = replace(header, bits_stored=decoded.bits, high_bit=decoded.high_bit)
    return _masked(decoded.pixels, header), header


def _native(file: DicomFile, pixels: Place, header: Header) -> Stored:
    if pixels.length == UNDEFINED:
        raise BrokenInputError("The DICOM file's pixels are compressed, but its transfer syntax says otherwise.")
    data = file.data_to(pixels.start + header.pixel_bytes)
    if min(pixels.length, len(data) - pixels.start) < header.pixel_bytes:
        raise BrokenInputError("The DICOM file has fewer pixels than its header says: it is damaged or cut short.")
    order = file.data_set.encoding.order
    count, shape = header.rows * header.columns, (header.rows, header.columns)
    if header.bits_allocated == 16:
        words = np.frombuffer(data, ">u2" if order == "big" else "<u2", count, pixels.start)
        return words.astype(np.uint16, copy=False).reshape(shape)
    if order == "big" and pixels.vr == b"OW":
        # Two pixels a word, the first in its lower half (PS3.5, annex D).
        words = np.frombuffer(data, ">u2", (count + 1) // 2, pixels.start)
        return words.astype("<u2").view(np.uint8)[:count].reshape(shape)
    return np.frombuffer(data, np.uint8, count, pixels.start).reshape(shape)


def _masked(stored: Stored, header: Header) -> Stored:
    """Take away what else older files keep beside a pixel's bits: overlays (PS3.5, section 8.1.1)."""
    shift = header.high_bit + 1 - header.bits_stored
    if shift == 0 and header.bits_stored == stored.itemsize * 8:
        return stored
    masked = (stored >> shift) & ((1 << header.bits_stored) - 1)
    return masked.astype(np.uint8) if stored.itemsize == 1 else masked.astype(np.uint16, copy=False)
