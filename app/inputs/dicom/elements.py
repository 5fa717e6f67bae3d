"""Walk the elements of a DICOM data set (PS3.5, section 7) and keep the few that are wanted."""

import struct
from collections.abc import Set
from dataclasses import dataclass, field
from typing import Literal

from app.inputs.errors import BrokenInputError, OversizedInputError

MAX_ELEMENTS = 20_000
"""Elements and items that are looked at in one file; a radiograph has a few hundred."""
MAX_DEPTH = 32
"""Of sequences in sequences."""
MAX_VALUE_BYTES = 2 * 65_536
"""Of a wanted element: a lookup table of 65,536 entries (PS3.3, C.11.1.1.1)."""

PIXEL_DATA, FLOAT_PIXEL_DATA, DOUBLE_PIXEL_DATA = 0x7FE00010, 0x7FE00008, 0x7FE00009
PIXELS = frozenset((PIXEL_DATA, FLOAT_PIXEL_DATA, DOUBLE_PIXEL_DATA))
UNDEFINED = 0xFFFFFFFF
"""The length of what ends with a delimiter (PS3.5, section 7.1)."""
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD

# After these the length takes four bytes, after all other VRs two (PS3.5, section 7.1.2).
LONG_VRS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
SHORT_VRS = frozenset(
    (
        *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN"),
        *(b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"),
    )
)

ByteOrder = Literal["little", "big"]


@dataclass(frozen=True)
class Encoding:
    """How elements are written: with their value representation (VR) or without, and in which order of bytes."""

    is_explicit: bool
    order: ByteOrder = "little"

    @property
    def prefix(self) -> str:
        """The order of bytes as `struct` and NumPy have it."""
        return "<" if self.order == "little" else ">"


EXPLICIT, IMPLICIT = Encoding(is_explicit=True), Encoding(is_explicit=False)


@dataclass(frozen=True)
class Place:
    """Where the value of an element lies; `length` may be `UNDEFINED`. `vr` is empty where it is not written."""

    tag: int
    vr: bytes
    start: int
    length: int


@dataclass(frozen=True)
class DataSet:
    """What a data set has of the wanted elements: values as they are written, of a sequence its first item.

    `pixels` is where its pixels lie; at them the walk ends, as all that describes them comes before.
    """

    encoding: Encoding
    values: dict[int, bytes] = field(default_factory=dict)
    sequences: dict[int, "DataSet"] = field(default_factory=dict)
    pixels: Place | None = None


class TruncatedError(BrokenInputError):
    """The data end within an element."""

    def __init__(self) -> None:
        super().__init__("The DICOM file is cut short. Send it again, whole.")


class Walker:
    """Reads data sets of one file's bytes. What it looks at is bounded for all of them together.

    Args:
        data: the bytes.
        values: tags of the elements to keep.
        sequences: tags of the sequences to keep.
    """

    def __init__(self, data: bytes, values: Set[int], sequences: Set[int] = frozenset()) -> None:
        self._data = data
        self._values = values
        self._sequences = sequences
        self._left = MAX_ELEMENTS

    def read(self, start: int, encoding: Encoding) -> DataSet:
        """Read the elements from `start` to the pixels, or to the end of the data.

        Raises:
            BrokenInputError: the data end before that (`TruncatedError`), or are no elements.
            OversizedInputError: there are more elements or levels than a picture needs.
        """
        return self._read(start, encoding, len(self._data), depth=0)[0]

    def read_group(self, start: int, group: int) -> tuple[DataSet, int]:
        """Read the elements of one group, explicit and little-endian, and say where the next group starts.

        Raises:
            InputError: as `read`.
        """
        found, at = DataSet(EXPLICIT), start
        prefix = struct.pack("<H", group)
        while self._data.startswith(prefix, at):
            at = self._keep(found, self._place(at, EXPLICIT), depth=0)
        return found, at

    def _read(self, at: int, encoding: Encoding, end: int, depth: int) -> tuple[DataSet, int]:
        found = DataSet(encoding)
        while at < end:
            place = self._place(at, encoding)
            if place.tag == ITEM_END and depth:
                return found, place.start
            if place.tag in PIXELS and not depth:
                return DataSet(encoding, found.values, found.sequences, place), place.start
            at = self._keep(found, place, depth)
        return found, at

    def _keep(self, found: DataSet, place: Place, depth: int) -> int:
        """Keep an element if it is wanted, and say where the next one starts."""
        if place.length == UNDEFINED or place.tag in self._sequences:
            item, end = self._read_items(place, found.encoding, depth + 1)
            if place.tag in self._sequences and item is not None:
                found.sequences[place.tag] = item
            return end
        end = self._end(place)
        if place.tag in self._values:
            if place.length > MAX_VALUE_BYTES:
                raise OversizedInputError("A value in the DICOM file's header is far longer than a picture needs.")
            found.values[place.tag] = self._data[place.start : end]
        return end

    def _read_items(self, place: Place, encoding: Encoding, depth: int) -> tuple[DataSet | None, int]:
        """Walk a sequence's items (PS3.5, section 7.5) and return the first, and where the sequence ends.

        The content of an item whose length is told is looked at only if the sequence is wanted.
        """
        if depth > MAX_DEPTH:
            raise OversizedInputError("The DICOM file's sequences are nested deeper than a picture needs.")
        # What an unknown VR of undefined length holds is implicit (PS3.5, section 6.2.2, note 2).
        inner = IMPLICIT if place.vr == b"UN" else encoding
        is_bounded = place.length != UNDEFINED
        end = self._end(place) if is_bounded else len(self._data)
        first, at = None, place.start
        while at < end:
            item = self._place(at, inner)
            if item.tag == SEQUENCE_END:
                return first, item.start
            if item.tag != ITEM:
                raise BrokenInputError("The DICOM file's structure is damaged: a sequence holds what is no item.")
            if item.length == UNDEFINED:
                content, at = self._read(item.start, inner, end, depth)
                first = first or content
            else:
                at = self._end(item)
                if first is None and place.tag in self._sequences:
                    first, _ = self._read(item.start, inner, at, depth)
        if not is_bounded:
            raise TruncatedError
        return first, end

    def _place(self, at: int, encoding: Encoding) -> Place:
        self._left -= 1
        if self._left < 0:
            raise OversizedInputError("The DICOM file has far more elements than a picture needs.")
        if at + 8 > len(self._data):
            raise TruncatedError
        prefix = encoding.prefix
        group, number = struct.unpack_from(prefix + "HH", self._data, at)
        tag, vr = group << 16 | number, self._data[at + 4 : at + 6]
        if not encoding.is_explicit or group == ITEM >> 16:
            return Place(tag, b"", at + 8, *struct.unpack_from(prefix + "I", self._data, at + 4))
        if vr in SHORT_VRS:
            return Place(tag, vr, at + 8, *struct.unpack_from(prefix + "H", self._data, at + 6))
        if vr not in LONG_VRS:
            raise BrokenInputError("The DICOM file's structure is damaged: an element has no known kind of value.")
        if at + 12 > len(self._data):
            raise TruncatedError
        return Place(tag, vr, at + 12, *struct.unpack_from(prefix + "I", self._data, at + 8))

    def _end(self, place: Place) -> int:
        end = place.start + place.length
        if end > len(self._data):
            raise TruncatedError
        return end
