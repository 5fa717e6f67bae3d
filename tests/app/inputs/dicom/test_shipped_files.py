"""Each file that pydicom ships gives a picture, the one that pydicom gives, or an error that says why not."""

import re
import warnings

import numpy as np
import pydicom
import pytest
from pydicom.pixels import apply_modality_lut, apply_voi_lut

from app.inputs.dicom.picture import open_dicom
from app.inputs.errors import InputError
from app.inputs.limits import InputLimits
from app.inputs.opening import open_picture
from helpers.dicom_files import SHIPPED, SHIPPED_FILES

GREY = (
    *("693_J2KI.dcm", "CT_small.dcm", "J2K_pixelrep_mismatch.dcm", "JPEG-lossy.dcm", "JPEG2000.dcm", "JPGExtended.dcm"),
    *("JPEGLSNearLossless_08.dcm", "JPEGLSNearLossless_16.dcm", "MR_small.dcm", "MR_small_RLE.dcm"),
    *("MR_small_bigendian.dcm", "MR_small_expb.dcm", "MR_small_implicit.dcm", "MR_small_jp2klossless.dcm"),
    *("MR_small_jpeg_ls_lossless.dcm", "MR_small_padded.dcm", "examples_overlay.dcm", "image_dfl.dcm"),
)
"""All of greyscale and one frame, but those that are cut short or whose code stream is damaged."""
IN_FOLDERS = re.compile(r"dicomdirtests/\d+/\w+/\d+$")
WINDOWED = tuple(name for name in GREY if name.startswith(("693", "J2K", "MR", "examples")))


def test_the_files_are_there():
    assert set(GREY) <= set(SHIPPED_FILES)
    assert len(SHIPPED_FILES) > 100


@pytest.mark.parametrize("name", SHIPPED_FILES)
def test_a_shipped_file_is_read_or_refused_with_a_reason(name):
    data = (SHIPPED / name).read_bytes()
    if name in GREY or IN_FOLDERS.match(name):
        with open_picture(data, InputLimits()) as image:
            assert image.mode == "L"
            assert 0 not in image.size
    else:
        with pytest.raises(InputError, match=r"\w+ .*\.$"), open_picture(data, InputLimits()):
            pass


@pytest.mark.parametrize("name", WINDOWED)
def test_a_windowed_file_gives_the_picture_that_pydicom_gives(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data_set = pydicom.dcmread(SHIPPED / name)
        shown = apply_voi_lut(apply_modality_lut(data_set.pixel_array, data_set), data_set, 0)
    bits, slope, intercept = (
        data_set.BitsStored,
        float(data_set.get("RescaleSlope", 1)),
        float(data_set.get("RescaleIntercept", 0)),
    )
    ends = (-(1 << bits - 1), (1 << bits - 1) - 1) if data_set.PixelRepresentation else (0, (1 << bits) - 1)
    low, high = (end * slope + intercept for end in ends)
    theirs = (shown - low) / (high - low) * 255
    theirs = 255 - theirs if data_set.PhotometricInterpretation == "MONOCHROME1" else theirs
    with open_dicom((SHIPPED / name).read_bytes(), InputLimits()) as image:
        ours = np.asarray(image)
    assert np.abs(ours - theirs).max() <= 0.5 + 1e-6
