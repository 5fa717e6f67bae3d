"""Files made to cost far more than their bytes: what they are answered, how long that takes and how much memory."""

from pathlib import Path

import pytest

from benchmarks.bombs.cost import costs
from benchmarks.bombs.dicom import DICOM_BOMBS
from benchmarks.bombs.files import BOMBS

# The limits are 100 ms and 50 MB; the margins are for machines that are slower, or busy.
MOST_MILLISECONDS = 300
MOST_MIB = 75

BROKEN = {
    "PNG: 7,000 x 7,000 claimed, 1 KB of pixels",
    "PNG: zTXt that inflates to 100 MB",
    "PNG: iTXt that inflates to 100 MB",
    "PNG: iCCP that inflates to 100 MB",
    "JPEG: 400 baseline scans of 49 million pixels",
    "TIFF: 7,000 x 7,000 claimed, 1 KB of deflate",
    "TIFF: 7,000 x 7,000 claimed, 1 KB of LZW",
    "BMP: 7,000 x 7,000 claimed, 64 bytes",
    "DICOM: 7,000 x 7,000 claimed, 64 bytes",
    "DICOM: a window of 60,000 digits",
    "DICOM, JPEG: 60,000 x 60,000 in a picture of 64 x 64",
    "DICOM, JPEG lossless: the same in 25 KB",
    "DICOM, JPEG-LS: 60,000 x 60,000 in a picture of 64 x 64",
    "DICOM, RLE: the same in 25 KB",
}
READ = {
    "PNG: 60,000 EXIF tags of 1 MB",
    "JPEG: 500 segments of 64 KB",
    "JPEG: 5,000 EXIF tags of 5 KB",
    "WebP: 60,000 EXIF tags of 1 MB",
    "DICOM, deflated: pixels that inflate to 128 MiB",
    "DICOM, JPEG 2000: 32 MB of comments",
}
ALL = {**BOMBS, **DICOM_BOMBS}


@pytest.fixture(scope="module")
def measured():
    return {name: cost for name, _, cost in costs(ALL)}


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells how much memory was taken")
@pytest.mark.parametrize("name", ALL)
def test_a_bomb_costs_little_and_is_answered_rightly(measured, name):
    cost = measured[name]
    answer = "BrokenInputError" if name in BROKEN else "read" if name in READ else "OversizedInputError"
    assert cost.answer == answer, cost
    assert cost.milliseconds < MOST_MILLISECONDS
    assert cost.extra_mib < MOST_MIB
