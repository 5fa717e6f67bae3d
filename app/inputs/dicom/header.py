"""What a DICOM file's header says of its pixels (PS3.3, C.7.6.3, C.11.1 and C.11.2), checked for what is read here."""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.inputs.dicom.elements import PIXEL_DATA, DataSet
from app.inputs.errors import BrokenInputError, UnsupportedInputError

SAMPLES_PER_PIXEL, PHOTOMETRIC, FRAMES = 0x00280002, 0x00280004, 0x00280008
ROWS, COLUMNS = 0x00280010, 0x00280011
BITS_ALLOCATED, BITS_STORED, HIGH_BIT, PIXEL_REPRESENTATION = 0x00280100, 0x00280101, 0x00280102, 0x00280103
PADDING_VALUE, PADDING_LIMIT = 0x00280120, 0x00280121
CENTRE, WIDTH, FUNCTION = 0x00281050, 0x00281051, 0x00281056
INTERCEPT, SLOPE = 0x00281052, 0x00281053
MODALITY_LUTS, VOI_LUTS = 0x00283000, 0x00283010
LUT_DESCRIPTOR, LUT_DATA = 0x00283002, 0x00283006

VALUES = frozenset(
    (
        *(SAMPLES_PER_PIXEL, PHOTOMETRIC, FRAMES, ROWS, COLUMNS, BITS_ALLOCATED, BITS_STORED, HIGH_BIT),
        *(PIXEL_REPRESENTATION, PADDING_VALUE, PADDING_LIMIT, CENTRE, WIDTH, FUNCTION, INTERCEPT, SLOPE),
        *(LUT_DESCRIPTOR, LUT_DATA),
    )
)
SEQUENCES = frozenset((MODALITY_LUTS, VOI_LUTS))

MAX_BITS = 16

_NAMES = {
    FRAMES: "Number of Frames",
    ROWS: "Rows",
    COLUMNS: "Columns",
    BITS_ALLOCATED: "Bits Allocated",
    BITS_STORED: "Bits Stored",
    HIGH_BIT: "High Bit",
    PIXEL_REPRESENTATION: "Pixel Representation",
    CENTRE: "Window Center",
    WIDTH: "Window Width",
    INTERCEPT: "Rescale Intercept",
    SLOPE: "Rescale Slope",
}
# Decimal String and Integer String, PS3.5, section 6.2, but for the number of digits.
_DECIMAL = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_LONGEST_NUMBER = 64
_MOST = 1e15
"""Of a number in a header: far beyond any value of a pixel, and exact where it is squared."""

# PS3.4, B.5. What holds no picture, by the start of its class's UID.
_PICTURELESS = {
    "1.2.840.10008.1.3.10": "a DICOMDIR",
    "1.2.840.10008.5.1.4.1.1.88.": "a structured report",
    "1.2.840.10008.5.1.4.1.1.104.": "an encapsulated document",
    "1.2.840.10008.5.1.4.1.1.481.": "a radiotherapy plan, structure or record",
    "1.2.840.10008.5.1.4.1.1.9.": "a waveform",
    "1.2.840.10008.5.1.4.1.1.11.": "a presentation state",
}

WindowFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]
FUNCTIONS: dict[bytes, WindowFunction] = {
    b"": "LINEAR",
    b"LINEAR": "LINEAR",
    b"LINEAR_EXACT": "LINEAR_EXACT",
    b"SIGMOID": "SIGMOID",
}
PhotometricInterpretation = Literal["MONOCHROME1", "MONOCHROME2"]


@dataclass(frozen=True)
class Window:
    """Which values are shown from black to white (PS3.3, C.11.2.1.2)."""

    centre: float
    width: float
    function: WindowFunction = "LINEAR"


@dataclass(frozen=True, eq=False)
class LookupTable:
    """What stands for the values from `first` on, uint16 `[N]` of so many bits (PS3.3, C.11.1.1.1 and C.11.2.1.1)."""

    first: int
    entries: NDArray[np.uint16]
    bits: int


@dataclass(frozen=True, eq=False)
class Header:
    """How stored pixels are laid out, and how they become grey levels.

    `padding` is the lowest and the highest stored value that stands for no picture (PS3.3, C.7.5.1.1.2).
    """

    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    is_signed: bool
    photometric: PhotometricInterpretation
    slope: float = 1.0
    intercept: float = 0.0
    modality_table: LookupTable | None = None
    voi_table: LookupTable | None = None
    window: Window | None = None
    padding: tuple[int, int] | None = None

    @property
    def pixel_bytes(self) -> int:
        """How many bytes the pixels take, not compressed."""
        return self.rows * self.columns * (self.bits_allocated // 8)


def read_header(data_set: DataSet, media_class: str = "") -> Header:
    """Check and return what a data set's elements say of its pixels.

    Args:
        data_set: with the elements `VALUES` and `SEQUENCES`.
        media_class: the UID of what the file holds; tells what it is if it has no pixels.

    Raises:
        UnsupportedInputError: no picture, or one of a kind that is not read: colour, many frames, other depths.
        BrokenInputError: an element is missing or makes no sense.
    """
    return _HeaderReader(data_set, media_class).read()


class _HeaderReader:
    def __init__(self, data_set: DataSet, media_class: str) -> None:
        self._data_set = data_set
        self._media_class = media_class
        self._values = data_set.values

    def read(self) -> Header:
        self._check_kind()
        allocated, stored = self._whole(BITS_ALLOCATED), self._whole(BITS_STORED)
        if allocated not in {8, 16}:
            raise UnsupportedInputError(
                f"The DICOM picture has {allocated} bits for a pixel; 8 and 16 are read. Save it with 16."
            )
        high = self._whole(HIGH_BIT) if HIGH_BIT in self._values else stored - 1
        if not 1 <= stored <= high + 1 <= allocated:
            raise BrokenInputError(f"The DICOM header is wrong: {stored} bits stored of {allocated}, up to bit {high}.")
        rows, columns = self._whole(ROWS), self._whole(COLUMNS)
        if not rows or not columns:
            raise BrokenInputError("The DICOM picture has no rows or no columns.")
        is_signed = self._whole(PIXEL_REPRESENTATION, 0) == 1
        slope = self._number(SLOPE, 1.0)
        if slope == 0:
            raise BrokenInputError("The DICOM header is wrong: its Rescale Slope is 0.")
        return Header(
            rows=rows,
            columns=columns,
            bits_allocated=allocated,
            bits_stored=stored,
            high_bit=high,
            is_signed=is_signed,
            photometric=self._photometric(),
            slope=slope,
            intercept=self._number(INTERCEPT, 0.0),
            modality_table=self._table(MODALITY_LUTS),
            voi_table=self._table(VOI_LUTS),
            window=self._window(),
            padding=self._padding(is_signed),
        )

    def _check_kind(self) -> None:
        pixels = self._data_set.pixels
        if pixels is None:
            kind = next((name for start, name in _PICTURELESS.items() if self._media_class.startswith(start)), None)
            what = f": it is {kind}" if kind else ""
            raise UnsupportedInputError(
                f"This DICOM file holds no picture{what}. Send an image, such as a computed (CR) or digital (DX) "
                "radiograph."
            )
        if pixels.tag != PIXEL_DATA:
            raise UnsupportedInputError("The DICOM picture's pixels are floating-point numbers, which are not read.")
        frames = self._number(FRAMES, 1)
        if frames > 1:
            raise UnsupportedInputError(
                f"The DICOM file has {frames:,.0f} frames, and files of one are read. Send the frame to look at."
            )

    def _photometric(self) -> PhotometricInterpretation:
        written = _text(self._values.get(PHOTOMETRIC, b""))
        if self._whole(SAMPLES_PER_PIXEL, 1) == 1:
            if written == b"MONOCHROME1":
                return "MONOCHROME1"
            if written == b"MONOCHROME2":
                return "MONOCHROME2"
        raise UnsupportedInputError(
            "The DICOM picture is not greyscale: only the photometric interpretations MONOCHROME1 and MONOCHROME2 "
            "with one sample a pixel are read. Send the radiograph itself, or a colour picture as JPEG or PNG."
        )

    def _window(self) -> Window | None:
        centre, width = self._numbers(CENTRE), self._numbers(WIDTH)
        function = FUNCTIONS.get(_text(self._values.get(FUNCTION, b"")))
        if function is None:
            raise BrokenInputError("The DICOM header's VOI LUT Function is none of LINEAR, LINEAR_EXACT and SIGMOID.")
        if not centre or not width:
            return None
        # PS3.3, C.11.2.1.2.1: a linear width is at least 1, others are above 0. What is neither shows nothing.
        is_shown = width[0] >= 1 if function == "LINEAR" else width[0] > 0
        return Window(centre[0], width[0], function) if is_shown else None

    def _padding(self, is_signed: bool) -> tuple[int, int] | None:
        value, limit = (self._word(tag, is_signed) for tag in (PADDING_VALUE, PADDING_LIMIT))
        if value is None:
            return None
        ends = (value, value if limit is None else limit)
        return min(ends), max(ends)

    def _table(self, sequence: int) -> LookupTable | None:
        item = self._data_set.sequences.get(sequence)
        if item is None or LUT_DATA not in item.values:
            return None
        descriptor, data = item.values.get(LUT_DESCRIPTOR, b""), item.values[LUT_DATA]
        if len(descriptor) < 6:
            raise BrokenInputError("A lookup table in the DICOM header has no whole LUT Descriptor.")
        word = item.encoding.prefix + "u2"
        count, first, bits = (int(number) for number in np.frombuffer(descriptor, word, 3))
        # PS3.3, C.11.1.1.1: 65,536 does not fit.
        count = count or 1 << 16
        # Some tables of 8 bits have a byte for an entry.
        entries = np.frombuffer(data, "u1" if len(data) in {count, count + 1} and bits <= 8 else word)[:count]
        if len(entries) < count or not 1 <= bits <= MAX_BITS:
            raise BrokenInputError("A lookup table in the DICOM header is shorter or deeper than it says.")
        deepest = max(bits, int(entries.max()).bit_length())
        return LookupTable(first, entries.astype(np.uint16), deepest)

    def _word(self, tag: int, is_signed: bool) -> int | None:
        """One integer of 16 bits."""
        value = self._values.get(tag, b"")
        if len(value) < 2:
            return None
        return int.from_bytes(value[:2], self._data_set.encoding.order, signed=is_signed)

    def _whole(self, tag: int, default: int | None = None) -> int:
        """One integer of 16 bits that is not signed."""
        word = self._word(tag, is_signed=False)
        word = default if word is None else word
        if word is None:
            raise BrokenInputError(f"The DICOM header has no {_NAMES.get(tag, 'whole')}.")
        return word

    def _number(self, tag: int, default: float) -> float:
        numbers = self._numbers(tag)
        return numbers[0] if numbers else default

    def _numbers(self, tag: int) -> list[float]:
        """The first of the numbers that are written as text, if there is one."""
        written = _text(self._values.get(tag, b"").partition(b"\\")[0])
        if not written:
            return []
        number = float(written) if len(written) <= _LONGEST_NUMBER and _DECIMAL.fullmatch(written) else np.inf
        if abs(number) > _MOST:
            raise BrokenInputError(f"The DICOM header's {_NAMES[tag]} is no number that is read.")
        return [number]


def _text(value: bytes) -> bytes:
    """Without what fills a value to an even length."""
    return value.strip(b"\0 ")
