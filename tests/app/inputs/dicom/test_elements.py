"""The walk through a data set finds what is wanted, and ends soon whatever the structure is."""

import struct

import pytest

from app.inputs.dicom.elements import EXPLICIT, IMPLICIT, MAX_DEPTH, MAX_ELEMENTS, Encoding, TruncatedError, Walker
from app.inputs.errors import BrokenInputError, OversizedInputError

ROWS, PATIENT, TABLES = 0x00280010, 0x00100010, 0x00283010
UNDEFINED = b"\xff\xff\xff\xff"
ITEM_END, SEQUENCE_END = b"\xfe\xff\x0d\xe0" + bytes(4), b"\xfe\xff\xdd\xe0" + bytes(4)
BIG = Encoding(is_explicit=True, order="big")


def element(tag, value, vr=b"US", prefix="<"):
    return struct.pack(f"{prefix}HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def sequence(tag, *items, is_bounded=False, vr=b"SQ"):
    content = b"".join(items)
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr + bytes(2)
    if is_bounded:
        return head + struct.pack("<I", len(content)) + content
    return head + UNDEFINED + content + SEQUENCE_END


def item(content, is_bounded=True):
    if is_bounded:
        return b"\xfe\xff\x00\xe0" + struct.pack("<I", len(content)) + content
    return b"\xfe\xff\x00\xe0" + UNDEFINED + content + ITEM_END


def implicit(tag, value):
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value


def walk(data, encoding=EXPLICIT):
    return Walker(data, frozenset((ROWS,)), frozenset((TABLES,))).read(0, encoding)


NAME = element(PATIENT, b"Doe^John", b"PN")


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (NAME + element(ROWS, b"\x07\x00"), EXPLICIT),
        (implicit(PATIENT, b"Doe^John") + implicit(ROWS, b"\x07\x00"), IMPLICIT),
        (element(ROWS, b"\x07\x00", prefix=">"), BIG),
    ],
)
def test_a_wanted_value_is_kept_and_no_other(data, encoding):
    assert walk(data, encoding).values == {ROWS: b"\x07\x00"}


@pytest.mark.parametrize("is_bounded_item", [True, False])
@pytest.mark.parametrize("is_bounded", [True, False])
def test_the_first_item_of_a_wanted_sequence_is_kept(is_bounded, is_bounded_item):
    items = [item(element(ROWS, bytes((number, 0))), is_bounded_item) for number in (1, 2)]
    found = walk(sequence(TABLES, *items, is_bounded=is_bounded) + element(ROWS, b"\x07\x00"))
    assert found.sequences[TABLES].values == {ROWS: b"\x01\x00"}
    assert found.values == {ROWS: b"\x07\x00"}


@pytest.mark.parametrize("is_bounded_item", [True, False])
@pytest.mark.parametrize("vr", [b"SQ", b"UN"])
def test_a_wanted_tag_inside_another_sequence_is_none_of_the_pictures(vr, is_bounded_item):
    inner = implicit(ROWS, b"\x01\x00") if vr == b"UN" else element(ROWS, b"\x01\x00")
    found = walk(sequence(0x00081111, item(inner, is_bounded_item), vr=vr) + element(ROWS, b"\x07\x00"))
    assert found.values == {ROWS: b"\x07\x00"}


def test_the_pixels_of_an_icon_are_not_taken_for_the_pictures():
    icon = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 4) + b"icon"
    pixels = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 2) + b"px"
    before = sequence(0x00880200, item(icon, is_bounded=False))
    found = walk(before + pixels)
    assert (found.pixels.start, found.pixels.length) == (len(before) + 12, 2)


@pytest.mark.parametrize("cut", [1, 4, 7, 9])
def test_data_that_end_within_an_element_are_truncated(cut):
    data = NAME + element(ROWS, b"\x07\x00")
    with pytest.raises(TruncatedError):
        walk(data[:-cut])


def test_a_sequence_without_an_end_is_truncated():
    with pytest.raises(TruncatedError):
        walk(sequence(TABLES, item(NAME))[: -len(SEQUENCE_END)])


@pytest.mark.parametrize(
    "data",
    [
        element(ROWS, b"\x07\x00", vr=b"ZZ"),
        element(ROWS, b"\x07\x00", vr=b"\0\1"),
        sequence(TABLES, NAME),
    ],
)
def test_what_is_no_element_is_broken(data):
    with pytest.raises(BrokenInputError, match="structure is damaged"):
        walk(data)


def test_a_million_elements_are_too_many():
    with pytest.raises(OversizedInputError, match="far more elements"):
        walk(element(PATIENT, b"") * (MAX_ELEMENTS + 1))
    with pytest.raises(OversizedInputError, match="far more elements"):
        walk(sequence(0x00081111, item(element(PATIENT, b"") * (MAX_ELEMENTS + 1), is_bounded=False)))
    with pytest.raises(OversizedInputError, match="far more elements"):
        walk(sequence(0x00081111, *[item(b"")] * (MAX_ELEMENTS + 1)))


def test_sequences_may_be_nested_but_not_without_end():
    data = NAME
    for _ in range(MAX_DEPTH):
        data = sequence(0x00081111, item(data, is_bounded=False))
    assert walk(data).values == {}
    with pytest.raises(OversizedInputError, match="nested deeper"):
        walk(sequence(0x00081111, item(data, is_bounded=False)))


def test_a_wanted_value_of_many_bytes_is_too_long():
    value = struct.pack("<HH2sHI", ROWS >> 16, ROWS & 0xFFFF, b"OB", 0, 200_000) + bytes(200_000)
    with pytest.raises(OversizedInputError, match="far longer"):
        walk(value)
