"""Stored values become grey levels as PS3.3 says, and as pydicom, which implements it too, says."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut

from app.inputs.dicom.header import Header, LookupTable, Window
from app.inputs.dicom.levels import grey_table, to_grey
from app.inputs.dicom.picture import open_dicom
from app.inputs.limits import InputLimits
from benchmarks.dicom.writing import dicom_file
from helpers.dicom_files import lookup_table


def header(bits=8, **fields):
    defaults = {"is_signed": False, "photometric": "MONOCHROME2", "bits_allocated": 8 if bits <= 8 else 16}
    return Header(rows=1, columns=1, bits_stored=bits, high_bit=bits - 1, **defaults | fields)


def read(data):
    with open_dicom(data, InputLimits()) as image:
        return np.asarray(image)


def table_of(first, entries, bits):
    return LookupTable(first, np.array(entries, np.uint16), bits)


def test_eight_bits_without_a_window_stay_as_they_are():
    assert grey_table(header()).tolist() == list(range(256))
    assert grey_table(header(photometric="MONOCHROME1")).tolist() == list(range(255, -1, -1))


def test_a_window_over_all_eight_bits_leaves_them_as_they_are():
    assert grey_table(header(window=Window(128, 256))).tolist() == list(range(256))


# PS3.3, C.11.2.1.2.1, the notes: c=2048, w=4096 is y = x * 255 / 4095; c=2048, w=1 is a threshold at 2047.5;
# c=0, w=100 has black up to -50 and white above 49.
def test_the_standards_own_examples_of_linear_windows():
    full = grey_table(header(12, window=Window(2048, 4096)))
    assert (full[0], full[4095]) == (0, 255)
    assert np.abs(full - np.arange(4096) * 255 / 4095).max() <= 0.5
    threshold = grey_table(header(12, window=Window(2048, 1)))
    assert (threshold[2047], threshold[2048]) == (0, 255)
    signed = grey_table(header(12, is_signed=True, window=Window(0, 100)))
    assert (signed[-50], signed[-49] > 0, signed[48] < 255, signed[49]) == (0, True, True, 255)


# C.11.2.1.3.2: c=0, w=100 has black up to -50, white above 50, and the middle at 0.
def test_the_standards_own_example_of_an_exact_linear_window():
    signed = grey_table(header(12, is_signed=True, window=Window(0, 100, "LINEAR_EXACT")))
    assert (signed[-50], signed[0], signed[50]) == (0, 128, 255)


def test_a_sigmoid_is_half_way_at_its_centre_and_symmetric():
    shown = grey_table(header(12, window=Window(2000, 500, "SIGMOID"))).astype(int)
    assert shown[2000] == 128
    assert shown[2125] == round(255 / (1 + np.exp(-1)))
    assert (np.abs(shown[2000:3000] + shown[2000:1000:-1] - 255) <= 1).all()


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@settings(deadline=None, max_examples=40)
@given(
    bits=st.sampled_from([8, 10, 12, 16]),
    signed=st.booleans(),
    centre=st.floats(-5e4, 7e4),
    width=st.floats(1, 7e4),
    slope=st.sampled_from([1, 2, 0.5, 0.37]),
    intercept=st.sampled_from([0, -1024, 17.5]),
    inverted=st.booleans(),
)
def test_a_window_gives_what_pydicom_gives(function, bits, signed, centre, width, slope, intercept, inverted):
    photometric = "MONOCHROME1" if inverted else "MONOCHROME2"
    ours = grey_table(
        header(bits, is_signed=signed, photometric=photometric, slope=slope, intercept=intercept,
               window=Window(centre, width, function))
    )  # fmt: skip
    values = np.arange(1 << bits)
    values = np.where(values >= 1 << bits - 1, values - (1 << bits), values) if signed else values
    data_set = Dataset()
    data_set.PhotometricInterpretation, data_set.BitsStored = photometric, bits
    data_set.PixelRepresentation, data_set.VOILUTFunction = int(signed), function
    data_set.RescaleSlope, data_set.RescaleIntercept = slope, intercept
    data_set.add_new("WindowCenter", "FD", [centre, 1])
    data_set.add_new("WindowWidth", "FD", [width, 1])
    # It lets a sigmoid overflow.
    with np.errstate(over="ignore"):
        shown = apply_voi_lut(apply_modality_lut(values, data_set), data_set, 0)
    low, high = (float(end) * slope + intercept for end in ((-(1 << bits - 1) if signed else 0), values.max()))
    theirs = (shown - low) / (high - low)
    theirs = 255 * (1 - theirs if inverted else theirs)
    assert np.abs(ours - theirs).max() <= 0.5 + 1e-6


@settings(deadline=None, max_examples=40)
@given(
    first=st.integers(-300, 300),
    count=st.integers(2, 300),
    seed=st.integers(0, 1000),
    signed=st.booleans(),
)
def test_a_voi_lookup_table_gives_what_pydicom_gives(first, count, seed, signed):
    assume(signed or first >= 0)
    stored = np.arange(256, dtype=np.uint8).reshape(16, 16)
    table = lookup_table(first, np.random.default_rng(seed).integers(0, 4096, count).tolist(), 12)
    stored = stored.view(np.int8).astype(np.int16) if signed else stored
    data = dicom_file(stored, bits=16 if signed else 8, VOILUTSequence=table)
    data_set = Dataset()
    data_set.PhotometricInterpretation = "MONOCHROME2"
    data_set.VOILUTSequence = table
    theirs = apply_voi_lut(stored.astype(np.int32), data_set) * (255 / 4095)
    assert np.abs(read(data) - theirs).max() <= 0.5 + 1e-6


def test_a_modality_table_comes_before_a_window_and_replaces_slope_and_intercept():
    table = lookup_table(0, [level * 10 for level in range(256)], 16)
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    data = dicom_file(ramp, ModalityLUTSequence=table, RescaleSlope=7, WindowCenter=1000.5, WindowWidth=1001)
    expected = np.floor(np.clip((ramp * 10.0 - 1000) / 1000 + 0.5, 0, 1) * 255 + 0.5)
    assert np.array_equal(read(data), expected)


def test_the_first_window_of_several_counts_and_a_voi_table_before_it():
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    one = read(dicom_file(ramp, WindowCenter=60, WindowWidth=41))
    assert np.array_equal(read(dicom_file(ramp, WindowCenter=[60, 200], WindowWidth=[41, 9])), one)
    table = lookup_table(0, list(range(255, -1, -1)), 8)
    both = read(dicom_file(ramp, WindowCenter=60, WindowWidth=41, VOILUTSequence=table))
    assert np.array_equal(both, 255 - ramp)


@pytest.mark.parametrize("width", [0, 0.5, -3])
def test_a_window_of_no_width_shows_nothing_and_is_left_out(width):
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(read(dicom_file(ramp, WindowCenter=9, WindowWidth=width)), ramp)


def test_a_rescale_without_a_window_changes_no_grey_level_but_a_negative_slope_turns_them_round():
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(read(dicom_file(ramp, RescaleSlope=3.5, RescaleIntercept=-900)), ramp)
    assert np.array_equal(read(dicom_file(ramp, RescaleSlope=-1, RescaleIntercept=255)), 255 - ramp)


def test_padding_is_black_and_does_not_count_for_the_range():
    stored = np.array([[0, 500, 1023, 60_000]], np.uint16)
    assert read(dicom_file(stored, PixelPaddingValue=60_000)).tolist() == [[0, 125, 255, 0]]
    inverted = dicom_file(stored, photometric="MONOCHROME1", PixelPaddingValue=60_000)
    assert read(inverted).tolist() == [[255, 130, 0, 0]]


def test_a_range_of_padding_is_black_in_either_order():
    ramp = np.arange(256, dtype=np.uint8).reshape(1, 256)
    for ends in ((3, 9), (9, 3)):
        data = dicom_file(ramp, photometric="MONOCHROME1", PixelPaddingValue=ends[0], PixelPaddingRangeLimit=ends[1])
        shown = read(data)[0]
        assert not shown[3:10].any()
        assert shown[2] == 253
        assert shown[10] == 245


def test_a_signed_padding_value_is_found():
    stored = np.array([[-2000, -1000, 0, 1000]], np.int16)
    shown = read(
        dicom_file(stored, WindowCenter=0, WindowWidth=2001, PixelPaddingValue=-2000, photometric="MONOCHROME1")
    )
    assert shown.tolist() == [[0, 255, 127, 0]]


@pytest.mark.parametrize("count", [1, 1 << 18, (1 << 18) + 1])
def test_a_picture_of_any_size_is_looked_up_whole(count):
    stored = (np.arange(count) % 4096).astype(np.uint16).reshape(1, -1)
    assert np.array_equal(to_grey(stored, header(12)), grey_table(header(12))[stored])


def test_values_beyond_a_table_take_its_ends():
    shown = grey_table(header(voi_table=table_of(100, [0, 128, 255], 8)))
    assert (shown[0], shown[100], shown[101], shown[102], shown[255]) == (0, 0, 128, 255, 255)


def test_entries_deeper_than_a_table_says_are_not_cut_off():
    table = lookup_table(0, [level * 16 for level in range(256)], 8)
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.abs(read(dicom_file(ramp, VOILUTSequence=table)).astype(int) - ramp).max() <= 1
