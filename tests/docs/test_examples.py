"""The example files are those that their program makes, and show what the pages say of them."""

import runpy

import numpy as np
import pytest
from PIL import Image

from app.inputs.image import read_grey
from app.inputs.limits import InputLimits
from helpers.documents import PROJECT

EXAMPLES = PROJECT / "examples"
PROGRAM = runpy.run_path(str(EXAMPLES / "draw.py"))


@pytest.mark.parametrize("name", ["cat", "seven", "xray"])
def test_the_program_makes_the_example(name):
    drawn, kept = PROGRAM[name](), Image.open(EXAMPLES / f"{name}.jpeg")
    assert (drawn.size, drawn.mode) == (kept.size, kept.mode)
    apart = np.abs(np.asarray(drawn, np.float64) - np.asarray(kept, np.float64))
    # What JPEG loses; fonts play no part in these pictures.
    assert apart.mean() < 6


def test_the_program_makes_the_dicom_file():
    files = PROGRAM["dicom"](), (EXAMPLES / "xray.dcm").read_bytes()
    drawn, kept = (read_grey(file, InputLimits()) for file in files)
    assert np.array_equal(drawn, kept)


def test_the_program_makes_the_text():
    assert (EXAMPLES / "news.txt").read_text() == PROGRAM["NEWS"]
