"""The compressed bytes of a DICOM picture, taken out of the fragments that hold them (PS3.5, annex A.4)."""

import struct

from app.inputs.dicom.elements import ITEM, SEQUENCE_END, TruncatedError
from app.inputs.errors import BrokenInputError, OversizedInputError

MAX_FRAGMENTS = 10_000
"""Of the one frame; an encoder makes one, a few cut it every 64 KiB."""


def frame_bytes(data: bytes, start: int) -> bytes:
    """Join the fragments of the one frame whose items begin at `start`; the first item is the table of offsets.

    Raises:
        BrokenInputError: the items are damaged or cut short.
        OversizedInputError: there are more fragments than a frame needs.
    """
    at = start
    fragments: list[bytes] = []
    for _ in range(MAX_FRAGMENTS + 2):
        if at + 8 > len(data):
            raise TruncatedError
        group, number, length = struct.unpack_from("<HHI", data, at)
        tag, at = group << 16 | number, at + 8
        if tag == SEQUENCE_END:
            return b"".join(fragments[1:])
        if tag != ITEM:
            raise BrokenInputError("The DICOM file's compressed pixels are damaged: they are not in fragments.")
        if at + length > len(data):
            raise TruncatedError
        fragments.append(data[at : at + length])
        at += length
    raise OversizedInputError("The DICOM file's compressed pixels are cut into far more fragments than a frame needs.")
