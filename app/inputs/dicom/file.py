"""A DICOM file's parts (PS3.10, section 7): the prefix, the meta information, the data set and its pixels."""

import zlib
from dataclasses import dataclass

from app.inputs.dicom.elements import (
    EXPLICIT,
    LONG_VRS,
    SHORT_VRS,
    DataSet,
    Encoding,
    TruncatedError,
    Walker,
)
from app.inputs.dicom.syntaxes import OTHERS, READ, TransferSyntax
from app.inputs.errors import BrokenInputError, OversizedInputError, UnsupportedInputError

PREFIX_AT, PREFIX = 128, b"DICM"
META_GROUP = 0x0002
MEDIA_CLASS, TRANSFER_SYNTAX = 0x00020002, 0x00020010
MAX_DEFLATED_HEADER = 8 * 2**20
"""Bytes before the pixels of a deflated data set, inflated; overlays of a large radiograph take 1 MiB each."""
READ_SYNTAXES = "uncompressed, deflated, JPEG (8 and 12 bits, and lossless), JPEG-LS, JPEG 2000 and RLE"


@dataclass(frozen=True)
class DicomFile:
    """A file whose header was read. `data` are the bytes that the places in `data_set` refer to.

    `media_class` is the UID of the class of object that it holds, as its meta information says. Of a deflated file
    `data` are but the first, and `inflater` makes the rest.
    """

    syntax: TransferSyntax
    data_set: DataSet
    data: bytes
    media_class: str
    inflater: "zlib._Decompress | None" = None

    def data_to(self, end: int) -> bytes:
        """Return the data to `end` at least, as far as there are so many. Once: a deflated file is inflated so far.

        Raises:
            BrokenInputError: it is damaged.
        """
        missing = end - len(self.data)
        if self.inflater is None or missing <= 0:
            return self.data
        return self.data + _inflated(self.inflater, self.inflater.unconsumed_tail, missing)


def open_file(data: bytes, values: frozenset[int], sequences: frozenset[int]) -> DicomFile:
    """Read the header of a file: the elements `values`, and of `sequences` the first items.

    Args:
        data: the file.
        values: tags of the elements to keep.
        sequences: tags of the sequences to keep.

    Raises:
        UnsupportedInputError: the transfer syntax is none that is read.
        BrokenInputError: it is cut short or damaged.
        OversizedInputError: the header holds far more than a picture needs.
    """
    meta, at = Walker(data, frozenset((MEDIA_CLASS, TRANSFER_SYNTAX))).read_group(PREFIX_AT + len(PREFIX), META_GROUP)
    syntax, media_class = _syntax(meta), uid_of(meta.values.get(MEDIA_CLASS, b""))
    if not syntax.is_deflated:
        encoding = syntax.encoding if syntax.encoding.is_explicit else _written(data, at)
        return DicomFile(syntax, Walker(data, values, sequences).read(at, encoding), data, media_class)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    head = _inflated(inflater, data[at:], MAX_DEFLATED_HEADER)
    try:
        data_set = Walker(head, values, sequences).read(0, syntax.encoding)
    except TruncatedError:
        if len(head) < MAX_DEFLATED_HEADER:
            raise
        raise OversizedInputError("The deflated DICOM file's header is far larger than a picture needs.") from None
    return DicomFile(syntax, data_set, head, media_class, inflater)


def uid_of(value: bytes) -> str:
    """A unique identifier without what fills it to an even length; what is none of ASCII is as good as none."""
    return value.rstrip(b"\0 ").decode("ascii", errors="replace")


def _syntax(meta: DataSet) -> TransferSyntax:
    written = meta.values.get(TRANSFER_SYNTAX)
    if written is None:
        raise BrokenInputError(
            "The DICOM file does not say its transfer syntax (PS3.10, section 7.1). Write it again with one."
        )
    uid = uid_of(written)
    if uid in READ:
        return READ[uid]
    name = f"{OTHERS[uid]}, which is not" if uid in OTHERS else "none that is known or"
    raise UnsupportedInputError(
        f"The transfer syntax of this DICOM file is {name} read here. Those that are: {READ_SYNTAXES}. "
        "Save it again in one of them, as `dcmconv` or `dcmdjpeg` do."
    )


def _written(data: bytes, at: int) -> Encoding:
    """How the elements are written of a file that is said to be implicit; some writers forget to say otherwise."""
    return EXPLICIT if data[at + 4 : at + 6] in LONG_VRS | SHORT_VRS else READ["1.2.840.10008.1.2"].encoding


def _inflated(inflater: "zlib._Decompress", data: bytes, at_most: int) -> bytes:
    try:
        return inflater.decompress(data, at_most)
    except zlib.error:
        raise BrokenInputError("The deflated part of the DICOM file is damaged. Send it again, whole.") from None
