import pytest

from app.inputs.errors import EmptyInputError, UnsupportedInputError
from app.inputs.sniff import picture_format, what_is
from helpers.picture_files import FORMATS, cat, encode


@pytest.mark.parametrize("name", FORMATS)
def test_a_picture_is_known_by_its_bytes(name):
    assert picture_format(encode(cat(0.1), name)) == name


@pytest.mark.parametrize("preamble", [bytes(128), b"II*\0".ljust(128), b"\xff\xd8\xff".ljust(128)])
def test_a_dicom_file_is_known_by_its_prefix_whatever_comes_before(preamble):
    assert picture_format(preamble + b"DICM") == "DICOM"


def test_nothing_is_empty():
    with pytest.raises(EmptyInputError):
        picture_format(b"")


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html>", "an HTML page"),
        (b'<?xml version="1.0"?><svg xmlns="">', "an SVG drawing"),
        (b"\x08\0\x05\0CS\x0a\0ISO_IR 100", "a DICOM data set without the preamble"),
        (b"\x08\0\x00\0\x04\0\0\0\x9c\x01\0\0", "a DICOM data set without the preamble"),
        (b"\0\x08\0\x08CS\0\x10ORIGINAL", "a DICOM data set without the preamble"),
        (b"\0\0\0\x18ftypheic\0\0", "a HEIC picture"),
        (b"\0\0\0\x18ftypisom\0\0", "a video"),
        (b"PK\x03\x04\x14\0", "a ZIP archive or an Office document"),
        (b"BMW rose by three per cent, dealers said", "text"),
        ("\u00e9\u6f22".encode() * 300, "text"),
    ],
)
def test_another_kind_of_file_is_refused_by_its_kind(data, seen):
    with pytest.raises(UnsupportedInputError, match=f"looks like {seen}.*JPEG, PNG, WebP, BMP, TIFF, GIF or DICOM"):
        picture_format(data)


def test_unknown_bytes_are_refused_with_the_formats_that_are_read():
    with pytest.raises(UnsupportedInputError, match="JPEG, PNG, WebP, BMP, TIFF, GIF or DICOM"):
        picture_format(bytes(range(128, 256)))


@pytest.mark.parametrize("data", [b"\x80\x81\x82", b"a\0b\0c\0", b"   ", b"RIFF\0\0\0\0ABCD"])
def test_what_cannot_be_told_has_no_name(data):
    assert what_is(data) is None


def test_a_picture_has_a_name_too():
    assert what_is(encode(cat(0.1), "PNG")) == "a PNG picture"
