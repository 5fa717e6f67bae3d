"""DICOM files for tests: an X-ray-like picture in every transfer syntax, and files with the patient's data all over."""

import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import uid
from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from benchmarks.dicom.writing import SYNTAXES, deepened, dicom_file, fits, written

SHIPPED = Path(pydicom.__file__).parent / "data" / "test_files"
SHIPPED_FILES = sorted(
    str(path.relative_to(SHIPPED)) for path in SHIPPED.rglob("*") if path.is_file() and path.suffix != ".py"
)
"""Those that pydicom's wheel holds."""

SECRET = "Doe^Planted"
"""In every text of `with_patient`."""


def radiograph(height: int = 96, width: int = 120, noise: float = 5) -> NDArray[np.uint8]:
    """A drawn chest `[H, W]`: two dark lungs with ribs in a bright body, and noise. Black and white occur."""
    rows, columns = np.mgrid[0:height, 0:width]
    across, down = columns / width - 0.5, rows / height - 0.5
    body = 190 - 150 * (across**2 + down**2)
    for side in (-0.22, 0.22):
        lung = ((across - side) / 0.17) ** 2 + (down / 0.38) ** 2
        body = np.where(lung < 1, 70 + 40 * lung + 18 * np.sin(rows / height * 60), body)
    body += np.random.default_rng(0).normal(0, noise, body.shape)
    grey = np.clip(body, 0, 255).astype(np.uint8)
    grey[0, :2] = 0, 255
    return grey


@cache
def small_files() -> list[bytes]:
    """Small files in each transfer syntax, at two depths, with windows and lookup tables."""
    grey = radiograph(24, 30)
    files = []
    for syntax in SYNTAXES:
        bits = 12 if fits(syntax, 12) else 8
        dark = ((1 << bits) - 1 - deepened(grey, bits)).astype(np.uint16 if bits > 8 else np.uint8)
        files.append(dicom_file(dark, syntax, bits=bits, photometric="MONOCHROME1"))
        files.append(dicom_file(grey, syntax, WindowCenter=[120, 40], WindowWidth=[200, 80]))
    signed = deepened(grey, 12).astype(np.int16) - 2048
    files.append(dicom_file(signed, bits=12, RescaleSlope=2, RescaleIntercept=-10, PixelPaddingValue=-2048))
    table = lookup_table(0, list(range(0, 4096, 16)), 12)
    with_tables = {"VOILUTSequence": table, "ModalityLUTSequence": table}
    files.append(dicom_file(grey, **with_tables))
    files.append(dicom_file(grey, uid.ImplicitVRLittleEndian, **with_tables))
    return files


def lookup_table(first: int, entries: list[int], bits: int) -> Sequence:
    """A sequence of one lookup table."""
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(entries), first, bits])
    item.add_new("LUTData", "US", entries)
    return Sequence([item])


def with_patient(syntax: str = uid.ExplicitVRLittleEndian, **elements: object) -> bytes:
    """A radiograph whose every element of text holds `SECRET`."""
    texts: dict[str, object] = {}
    for keyword in _text_keywords():
        texts[keyword] = SECRET
    nested = Dataset()
    nested.PatientName, nested.CodeMeaning = SECRET, SECRET
    texts["RequestAttributesSequence"] = Sequence([nested])
    with warnings.catch_warnings():
        # Not all of them may hold a caret or so many characters.
        warnings.simplefilter("ignore")
        return dicom_file(radiograph(), syntax, **(texts | elements))


def broken_values(keyword: str, value: bytes) -> bytes:
    """A radiograph in which an element of text has these bytes, whatever may stand there."""
    marker = "1234567890123456"
    data = dicom_file(radiograph(), **{"WindowCenter": 1, "WindowWidth": 2, "RescaleSlope": 1} | {keyword: marker})
    return data.replace(marker.encode(), value.ljust(len(marker))[: len(marker)])


def claiming(data: bytes, syntax: str) -> bytes:
    """A file that says another transfer syntax than the one in which it is written."""
    at = data.index(b"\x02\0\x10\0UI") + 6
    length = int.from_bytes(data[at : at + 2], "little")
    said = syntax.encode() + b"\0" * (len(syntax) % 2)
    return data[:at] + len(said).to_bytes(2, "little") + said + data[at + 2 + length :]


def without_pixels(sop_class: str) -> bytes:
    """A file of a class that has no picture."""
    data_set = Dataset()
    data_set.SOPClassUID, data_set.SOPInstanceUID, data_set.PatientName = sop_class, "1.2.3", SECRET
    return written(data_set, uid.ExplicitVRLittleEndian)


def _text_keywords() -> list[str]:
    kinds = {"PN", "LO", "SH", "ST", "LT", "UT", "UC", "AE"}
    return [
        keyword
        for tag, (vr, _, _, retired, keyword) in DicomDictionary.items()
        if vr in kinds and keyword and not retired and 0x0008 <= tag >> 16 < 0x7FE0 and tag >> 16 != 0x0028
    ]
