"""A DICOM file gives the picture that it holds, whatever its transfer syntax, depth and sense of black."""

import numpy as np
import pytest
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from app.inputs.colour import to_mode
from app.inputs.dicom.picture import open_dicom
from app.inputs.errors import BrokenInputError, OversizedInputError, UnsupportedInputError
from app.inputs.limits import InputLimits
from app.inputs.opening import open_picture
from benchmarks.dicom.writing import LOSSLESS, LOSSY, SYNTAXES, deepened, dicom_file, fits
from helpers.dicom_files import broken_values, claiming, radiograph, without_pixels
from helpers.picture_files import encode

DEPTHS = (8, 10, 12, 14, 16)
GREY = radiograph()


def read(data, **limits):
    with open_dicom(data, InputLimits(**limits)) as image:
        return np.asarray(image)


def written(grey, syntax, bits, photometric):
    shown = grey if photometric == "MONOCHROME2" else 255 - grey
    return dicom_file(deepened(shown, bits), syntax, bits=bits, photometric=photometric)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("bits", DEPTHS)
@pytest.mark.parametrize("syntax", LOSSLESS, ids=lambda syntax: syntax.name)
def test_a_lossless_transfer_syntax_gives_the_very_pixels(syntax, bits, photometric):
    assert np.array_equal(read(written(GREY, syntax, bits, photometric)), GREY)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(
    ("syntax", "bits"),
    [(syntax, bits) for syntax in LOSSY for bits in DEPTHS if fits(syntax, bits)],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_lossy_transfer_syntax_gives_nearly_the_pixels(syntax, bits, photometric):
    difference = read(written(GREY, syntax, bits, photometric)).astype(int) - GREY
    assert np.abs(difference).mean() < 2.5
    assert abs(difference.mean()) < 0.5


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (3, 5), (31, 33)])
@pytest.mark.parametrize("syntax", LOSSLESS, ids=lambda syntax: syntax.name)
def test_a_picture_of_odd_size_is_read(syntax, shape):
    grey = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    assert np.array_equal(read(dicom_file(grey, syntax)), grey)


def test_a_deep_dicom_equals_the_same_pixels_as_a_deep_png():
    # Of 16 bits stored, those that are used count, as in a PNG, which cannot say how many are meant.
    for bits in DEPTHS[1:]:
        stored = deepened(GREY, bits) // 3 * 2
        png = encode(Image.fromarray(stored), "PNG")
        with open_picture(png, InputLimits()) as image:
            assert np.array_equal(read(dicom_file(stored)), np.asarray(to_mode(image, "L")))


def test_the_bits_that_the_header_says_are_the_full_range():
    stored = np.array([[0, 100, 1000]], np.uint16)
    assert read(dicom_file(stored, bits=12)).tolist() == [[0, 6, 62]]


def test_overlays_in_the_bits_above_the_pixels_are_not_seen():
    stored = deepened(GREY, 12)
    marked = stored | np.uint16(0x8000)
    assert np.array_equal(read(dicom_file(marked, bits=12)), read(dicom_file(stored, bits=12)))


# These keep a pixel's cell as it is; the others give values that begin at bit 0.
AS_STORED = [
    syntax for syntax in LOSSLESS if not syntax.is_compressed or syntax.is_deflated or syntax == uid.RLELossless
]


@pytest.mark.parametrize("syntax", AS_STORED, ids=lambda syntax: syntax.name)
def test_pixels_in_the_upper_bits_are_found(syntax):
    stored = deepened(GREY, 12) << np.uint16(4) | np.uint16(5)
    assert np.array_equal(read(dicom_file(stored, syntax, bits=12, HighBit=15)), GREY)


def test_signed_pixels_in_the_upper_bits_are_found_in_run_lengths():
    signed = (deepened(GREY, 12).astype(np.int16) - 2048) << np.int16(4)
    assert np.array_equal(read(dicom_file(signed, uid.RLELossless, bits=12, HighBit=15)), GREY)


def test_pixels_in_the_middle_of_a_byte_are_found_in_run_lengths():
    stored = (GREY >> 4 << 2) | 0b11000011
    assert np.array_equal(
        read(dicom_file(stored, uid.RLELossless, bits=4, HighBit=5)), read(dicom_file(GREY >> 4, bits=4))
    )


@pytest.mark.parametrize("syntax", [s for s in LOSSLESS if s != uid.JPEG2000Lossless], ids=lambda s: s.name)
def test_signed_values_are_read(syntax):
    signed = deepened(GREY, 12).astype(np.int16) - 2048
    assert np.array_equal(read(dicom_file(signed, syntax, bits=12)), GREY)


def test_signed_values_of_which_none_is_negative_are_taken_as_not_signed():
    assert np.array_equal(read(dicom_file(deepened(GREY, 11).astype(np.int16), bits=12)), GREY)


def test_an_implicit_file_that_is_written_explicitly_is_read():
    assert np.array_equal(read(claiming(dicom_file(GREY), uid.ImplicitVRLittleEndian)), GREY)


def test_a_group_of_elements_unknown_to_the_standard_does_no_harm():
    private = Dataset()
    private.add_new(0x00091001, "LO", "inner")
    data = dicom_file(GREY, RequestAttributesSequence=Sequence([private, private]))
    assert np.array_equal(read(data), GREY)


@pytest.mark.parametrize(
    ("sop_class", "kind"),
    [
        (uid.BasicTextSRStorage, "a structured report"),
        (uid.EncapsulatedPDFStorage, "an encapsulated document"),
        (uid.RTStructureSetStorage, "a radiotherapy"),
        (uid.TwelveLeadECGWaveformStorage, "a waveform"),
        (uid.GrayscaleSoftcopyPresentationStateStorage, "a presentation state"),
    ],
)
def test_a_file_without_a_picture_is_unsupported_by_its_kind(sop_class, kind):
    with pytest.raises(UnsupportedInputError, match=f"no picture: it is {kind}.*radiograph"):
        read(without_pixels(sop_class))


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"NumberOfFrames": 2}, "2 frames, and files of one"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3, "PlanarConfiguration": 0}, "not greyscale"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "not greyscale"),
        ({"PhotometricInterpretation": "YBR_FULL"}, "not greyscale"),
        ({"PhotometricInterpretation": None}, "not greyscale"),
        ({"BitsAllocated": 32}, "32 bits"),
        ({"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}, "1 bits"),
    ],
)
def test_another_kind_of_picture_is_unsupported_with_what_to_do(elements, message):
    with pytest.raises(UnsupportedInputError, match=rf"{message}.*(Send|Save)"):
        read(dicom_file(GREY, **elements))


def test_floating_point_pixels_are_unsupported():
    data = dicom_file(GREY).replace(b"\xe0\x7f\x10\0OB", b"\xe0\x7f\x08\0OF")
    with pytest.raises(UnsupportedInputError, match="floating-point"):
        read(data)


@pytest.mark.parametrize(
    "syntax", [uid.MPEG2MPML, uid.HTJ2KLossless, "1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.55", "1.2.3.4"]
)
def test_another_transfer_syntax_is_unsupported_with_those_that_are_read(syntax):
    with pytest.raises(UnsupportedInputError, match=r"transfer syntax .*JPEG-LS"):
        read(claiming(dicom_file(GREY), syntax))


@pytest.mark.parametrize(
    "elements",
    [
        {"Rows": 0},
        {"Rows": None},
        {"Columns": None},
        {"BitsAllocated": None},
        {"BitsStored": None},
        {"BitsStored": 9},
        {"BitsStored": 0},
        {"HighBit": 8},
        {"RescaleSlope": 0},
        {"VOILUTFunction": "ROOT"},
        {"Rows": 97},
    ],
    ids=str,
)
def test_a_header_that_makes_no_sense_is_broken(elements):
    with pytest.raises(BrokenInputError, match="DICOM"):
        read(dicom_file(GREY, **elements))


@pytest.mark.parametrize("value", [b"nan", b"inf", b"1e400", b"1e99", b"Doe^Planted", b"0x10", b"1,5", b"--1", b"1_0"])
@pytest.mark.parametrize("keyword", ["WindowCenter", "WindowWidth", "RescaleSlope"])
def test_a_number_that_is_none_is_broken_and_not_quoted(keyword, value):
    with pytest.raises(BrokenInputError) as caught:
        read(broken_values(keyword, value))
    assert value.decode() not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.98])
def test_a_file_cut_short_is_broken(syntax, kept):
    data = dicom_file(GREY, syntax)
    with pytest.raises(BrokenInputError):
        read(data[: max(140, int(kept * len(data)))])


def test_a_file_without_a_transfer_syntax_is_broken():
    data = dicom_file(GREY).replace(b"\x02\0\x10\0UI", b"\x02\0\x13\0UI")
    with pytest.raises(BrokenInputError, match="does not say its transfer syntax"):
        read(data)


def test_too_many_pixels_are_refused_before_they_are_decoded():
    for syntax in SYNTAXES:
        with pytest.raises(OversizedInputError, match="at most 1,000"):
            read(dicom_file(GREY, syntax), max_pixels=1_000)


@pytest.mark.parametrize(
    "syntax", [syntax for syntax in SYNTAXES if syntax.is_compressed and not syntax.is_deflated], ids=lambda s: s.name
)
def test_a_compressed_picture_of_another_size_than_the_header_says_is_refused(syntax):
    large, small = dicom_file(radiograph(120, 100), syntax), dicom_file(GREY, syntax)
    start = b"\xe0\x7f\x10\0OB"
    mixed = small[: small.index(start)] + large[large.index(start) :]
    with pytest.raises(BrokenInputError, match="DICOM"):
        read(mixed)


def test_compressed_pixels_in_a_file_that_says_they_are_not_are_refused():
    with pytest.raises(BrokenInputError, match="transfer syntax"):
        read(claiming(dicom_file(GREY, uid.JPEGLosslessSV1), uid.ExplicitVRLittleEndian))


def test_plain_pixels_in_a_file_that_says_they_are_compressed_are_refused():
    with pytest.raises(BrokenInputError, match="transfer syntax"):
        read(claiming(dicom_file(GREY), uid.JPEGLosslessSV1))


def test_progressive_jpeg_is_unsupported_in_any_syntax():
    baseline = dicom_file(GREY, uid.JPEGBaseline8Bit)
    progressive = encode(Image.fromarray(GREY), "JPEG", progressive=True)
    progressive += b"\0" * (len(progressive) % 2)
    start = baseline.index(b"\xff\xd8\xff")
    item = baseline[: start - 4] + len(progressive).to_bytes(4, "little") + progressive
    with pytest.raises(UnsupportedInputError, match="not JPEG, 8 bits"):
        read(item + b"\xfe\xff\xdd\xe0\0\0\0\0")
