"""Make the examples beside this file: `python examples/draw.py`. No patient's picture is among them."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from pydicom.uid import JPEGBaseline8Bit
from skimage import data

from benchmarks.dicom.writing import dicom_file
from benchmarks.speed.inputs import xray_jpeg

SEED = 0
QUALITY = 85
NEWS = """OPEC MINISTERS AGREE TO CUT OIL OUTPUT
Oil prices rose today after ministers of the Organization of Petroleum Exporting Countries agreed to cut crude output
by 1.5 mln barrels per day. Traders said a barrel of light crude was 40 cents dearer than yesterday.
"""


def cat() -> Image.Image:
    """Return the photo of a cat that scikit-image ships: Chelsea, by Stefan van der Walt, CC0."""
    return Image.fromarray(data.chelsea())


def seven() -> Image.Image:
    """Draw a 7 on paper as a camera sees it, darker towards one corner."""
    page = Image.new("L", (240, 240), 236)
    draw = ImageDraw.Draw(page)
    corners = [(60, 70), (170, 66), (150, 110), (118, 190)]
    draw.line(corners, fill=38, width=13, joint="curve")
    for x, y in corners:
        draw.ellipse((x - 6, y - 6, x + 6, y + 6), fill=38)
    rows, columns = np.mgrid[:240, :240]
    lit = np.asarray(page.filter(ImageFilter.GaussianBlur(1.3)), np.float64) * (1 - 0.25 * (rows + columns) / 480)
    grain = np.random.default_rng(SEED).normal(0, 3, lit.shape)
    return Image.fromarray(np.clip(lit + grain, 0, 255).astype(np.uint8))


def xray() -> Image.Image:
    """Draw something like a chest X-ray."""
    return Image.open(io.BytesIO(xray_jpeg())).resize((832, 640))


def dicom() -> bytes:
    """Return the same as a DICOM file, as a JPEG inside."""
    return dicom_file(np.asarray(xray()), JPEGBaseline8Bit, bits=8)


def main() -> None:
    """Write the files."""
    folder = Path(__file__).parent
    for name, picture in (("cat", cat()), ("seven", seven()), ("xray", xray())):
        picture.save(folder / f"{name}.jpeg", quality=QUALITY)
    (folder / "xray.dcm").write_bytes(dicom())
    (folder / "news.txt").write_text(NEWS)


if __name__ == "__main__":
    main()
