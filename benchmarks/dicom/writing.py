"""Write a greyscale picture as a DICOM file, in any transfer syntax that the service reads."""

import io
import struct
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

Stored = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.int16]

UNCOMPRESSED = (
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
)
LOSSLESS = (
    *UNCOMPRESSED,
    uid.JPEGLossless,
    uid.JPEGLosslessSV1,
    uid.JPEGLSLossless,
    uid.JPEG2000Lossless,
    uid.RLELossless,
)
LOSSY = (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLSNearLossless, uid.JPEG2000)
SYNTAXES = LOSSLESS + LOSSY
DEEPEST = {uid.JPEGBaseline8Bit: 8, uid.JPEGExtended12Bit: 12}
"""Bits that a transfer syntax holds, where it does not hold 16."""

QUALITY = 95
"""Of lossy JPEG."""
NEAR = 1
"""Most that near-lossless JPEG-LS takes a stored value off."""
SIGNAL_TO_NOISE = 50
"""Of lossy JPEG 2000, in decibels."""


def fits(syntax: str, bits: int) -> bool:
    """Whether a transfer syntax holds pixels of so many bits."""
    return bits <= DEEPEST.get(uid.UID(syntax), 16)


def deepened(grey: NDArray[np.uint8], bits: int) -> Stored:
    """Grey levels of 8 bits as levels of `bits` bits, black and white kept."""
    if bits == 8:
        return grey
    return np.rint(grey * (((1 << bits) - 1) / 255)).astype(np.uint16)


def dicom_file(
    stored: Stored,
    syntax: str = uid.ExplicitVRLittleEndian,
    *,
    bits: int | None = None,
    photometric: str = "MONOCHROME2",
    **elements: Any,
) -> bytes:
    """Write stored values `[H, W]` as a digital radiograph.

    Args:
        stored: the values as they are stored; black is the highest in a `MONOCHROME1`.
        syntax: the UID of the transfer syntax.
        bits: Bits Stored, all that there are if left out.
        photometric: the Photometric Interpretation.
        elements: others by keyword, or None for one that is to be left out.
    """
    bits = bits or stored.itemsize * 8
    data_set = _header(stored, bits, photometric)
    syntax_uid = uid.UID(syntax)
    if syntax_uid in UNCOMPRESSED:
        order = "big" if syntax_uid == uid.ExplicitVRBigEndian else "little"
        data = stored.astype(stored.dtype.newbyteorder(">" if order == "big" else "<")).tobytes()
        data_set.PixelData = data + b"\0" * (len(data) % 2)
        data_set["PixelData"].VR = "OB" if stored.itemsize == 1 else "OW"
    else:
        data_set.PixelData = encapsulate([frame(stored, syntax_uid, bits)])
        data_set["PixelData"].VR = "OB"
        data_set["PixelData"].is_undefined_length = True
    for keyword, value in elements.items():
        if value is None:
            del data_set[keyword]
        else:
            setattr(data_set, keyword, value)
    return written(data_set, syntax_uid)


def written(data_set: Dataset, syntax: str) -> bytes:
    """The bytes of a file with this data set."""
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = uid.UID(syntax)
    data_set.file_meta.MediaStorageSOPClassUID = data_set.get("SOPClassUID", uid.SecondaryCaptureImageStorage)
    data_set.file_meta.MediaStorageSOPInstanceUID = data_set.get("SOPInstanceUID", uid.UID("1.2.3"))
    file = io.BytesIO()
    data_set.save_as(file, enforce_file_format=True)
    return file.getvalue()


def frame(stored: Stored, syntax: str, bits: int) -> bytes:
    """The compressed frame of stored values."""
    # Run lengths keep a pixel's cell as it is (PS3.5, annex G); the others hold its bits.
    mask = 0xFFFF if uid.UID(syntax) == uid.RLELossless else (1 << bits) - 1
    unsigned = stored if stored.itemsize == 1 else stored.view(np.uint16) & np.uint16(mask)
    return bytes(_ENCODERS[uid.UID(syntax)](np.ascontiguousarray(unsigned), bits))


def _header(stored: Stored, bits: int, photometric: str) -> Dataset:
    data_set = Dataset()
    data_set.SOPClassUID = uid.DigitalXRayImageStorageForPresentation
    data_set.SOPInstanceUID = uid.UID("1.2.826.0.1.3680043.8.498.1")
    data_set.Modality = "DX"
    data_set.SamplesPerPixel = 1
    data_set.PhotometricInterpretation = photometric
    data_set.Rows, data_set.Columns = stored.shape
    data_set.BitsAllocated = stored.itemsize * 8
    data_set.BitsStored = bits
    data_set.HighBit = bits - 1
    data_set.PixelRepresentation = int(stored.dtype.kind == "i")
    return data_set


def _jpeg(stored: Stored, bits: int) -> bytes:
    depth = None if bits <= 8 else 12
    return bytes(imagecodecs.jpeg8_encode(stored, level=QUALITY, bitspersample=depth))


def _lossless_jpeg(stored: Stored, bits: int, predictor: int) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(stored, lossless=True, predictor=predictor, bitspersample=bits))


def _jpeg_ls(stored: Stored, _: int, near: int) -> bytes:
    return bytes(imagecodecs.jpegls_encode(stored, level=near))


def _jpeg_2000(stored: Stored, bits: int, level: int, reversible: bool) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(stored, level, codecformat="j2k", reversible=reversible, bitspersample=bits))


def _rle(stored: Stored, _: int) -> bytes:
    """PS3.5, annex G: a segment for each byte, each row encoded by itself."""
    planes = np.moveaxis(stored.astype(stored.dtype.newbyteorder(">")).view(np.uint8).reshape(*stored.shape, -1), 2, 0)
    segments = [b"".join(bytes(imagecodecs.packbits_encode(row.tobytes())) for row in plane) for plane in planes]
    segments = [segment + b"\0" * (len(segment) % 2) for segment in segments]
    offsets = [64 + sum(map(len, segments[:number])) for number in range(len(segments))]
    return struct.pack("<16I", len(segments), *offsets, *[0] * (15 - len(offsets))) + b"".join(segments)


_ENCODERS: Mapping[uid.UID, Callable[[Any, int], bytes]] = {
    uid.JPEGBaseline8Bit: _jpeg,
    uid.JPEGExtended12Bit: _jpeg,
    uid.JPEGLossless: partial(_lossless_jpeg, predictor=7),
    uid.JPEGLosslessSV1: partial(_lossless_jpeg, predictor=1),
    uid.JPEGLSLossless: partial(_jpeg_ls, near=0),
    uid.JPEGLSNearLossless: partial(_jpeg_ls, near=NEAR),
    uid.JPEG2000Lossless: partial(_jpeg_2000, level=0, reversible=True),
    uid.JPEG2000: partial(_jpeg_2000, level=SIGNAL_TO_NOISE, reversible=False),
    uid.RLELossless: _rle,
}
