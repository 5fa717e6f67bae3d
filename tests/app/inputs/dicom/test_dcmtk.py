"""Files that DCMTK's programs write, an implementation of its own, are read as well."""

import shutil
import subprocess

import numpy as np
import pytest

from app.inputs.dicom.picture import open_dicom
from app.inputs.limits import InputLimits
from benchmarks.dicom.writing import deepened, dicom_file
from helpers.dicom_files import radiograph

GREY = radiograph()

pytestmark = pytest.mark.skipif(shutil.which("dcmcjpeg") is None, reason="DCMTK's programs are not installed (dcmtk)")


def rewritten(folder, data, program, *options):
    source, target = folder / "source.dcm", folder / "target.dcm"
    source.write_bytes(data)
    subprocess.run([program, *options, source, target], check=True, capture_output=True, timeout=60)
    with open_dicom(target.read_bytes(), InputLimits()) as image:
        return np.asarray(image)


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize(
    ("program", "option"),
    [
        ("dcmconv", "--write-xfer-implicit"),
        ("dcmconv", "--write-xfer-big"),
        ("dcmconv", "--write-xfer-deflated"),
        ("dcmcjpeg", "--encode-lossless"),
        ("dcmcjpeg", "--encode-lossless-sv1"),
        ("dcmcjpls", "--encode-lossless"),
        ("dcmcrle", "--write-xfer-default"),
    ],
)
def test_what_dcmtk_writes_without_loss_is_read_exactly(tmp_path, program, option, bits):
    options = () if program == "dcmcrle" else (option,)
    # What DCMTK calls lossless is not, unless told so: it may scale the pixels to the window.
    options += ("--true-lossless",) if program == "dcmcjpeg" else ()
    data = dicom_file(deepened(GREY, bits), bits=bits)
    assert np.array_equal(rewritten(tmp_path, data, program, *options), GREY)


def test_signed_pixels_that_dcmtk_compresses_are_read_exactly(tmp_path):
    signed = deepened(GREY, 12).astype(np.int16) - 2048
    for program, options in (("dcmcjpls", ()), ("dcmcrle", ()), ("dcmcjpeg", ("--true-lossless",))):
        assert np.array_equal(rewritten(tmp_path, dicom_file(signed, bits=12), program, *options), GREY)


def test_pixels_in_the_upper_bits_that_dcmtk_compresses_by_run_lengths_are_read_exactly(tmp_path):
    stored = deepened(GREY, 12) << np.uint16(4)
    assert np.array_equal(rewritten(tmp_path, dicom_file(stored, bits=12, HighBit=15), "dcmcrle"), GREY)


@pytest.mark.parametrize(
    ("bits", "program", "options"),
    [
        (8, "dcmcjpeg", ("--encode-baseline", "--quality", "95")),
        (12, "dcmcjpeg", ("--encode-extended", "--quality", "95")),
        (8, "dcmcjpls", ("--encode-nearlossless", "--max-deviation", "2")),
        (16, "dcmcjpls", ("--encode-nearlossless", "--max-deviation", "200")),
    ],
)
def test_what_dcmtk_writes_with_loss_is_read_nearly(tmp_path, bits, program, options):
    read = rewritten(tmp_path, dicom_file(deepened(GREY, bits), bits=bits), program, *options)
    assert np.abs(read.astype(int) - GREY).mean() < 2.5
