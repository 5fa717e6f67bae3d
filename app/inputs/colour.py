"""From any of Pillow's pixel modes to 8-bit greyscale or RGB."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.inputs.spec import ColourMode

# Detectors and scanners digitise grey to these depths, and store the 10, 12 or 14 bits in a 16-bit file.
DEPTHS = (8, 10, 12, 14, 16)
_PHOTOMETRIC, _WHITE_IS_ZERO = 262, 0


def to_mode(image: Image.Image, mode: ColourMode) -> Image.Image:
    """Convert to mode `L` or `RGB`: deep greyscale brought to 8 bits, transparency laid over white.

    A grey pixel stored as RGB gives exactly its grey level: Pillow's weights (ITU-R BT.601) add up to 1.
    """
    if image.mode.startswith(("I", "F")):
        image = to_8_bits(image)
    elif image.has_transparency_data:
        image = _over_white(image)
    elif image.mode == "LAB":
        image = image.convert("RGB")
    return image if image.mode == mode else image.convert(mode)


def to_8_bits(image: Image.Image) -> Image.Image:
    """Bring a greyscale picture of 16 or 32 bits a pixel (modes `I;16`, `I`, `F`) to mode `L`.

    Integers are divided by the full scale of the smallest customary depth (8, 10, 12, 14 or 16 bits) that holds the
    brightest pixel. So a picture that uses 12 of 16 bits, as X-ray detectors give, comes out as bright as it was
    meant, not sixteen times too dark; and a picture that uses all 16 equals its 8-bit twin, level for level
    (v * 257 becomes v). Stretching to the darkest and brightest pixel would change the second, dividing by 65,535
    always would lose the first. Floating point is taken as 0 to 1 where it stays within, else like integers. Values
    below 0 or above 16 bits have no customary scale: there the darkest pixel becomes 0, the brightest 255.
    """
    values = np.asarray(image)
    if image.mode == "F":
        values = np.nan_to_num(values, nan=0.0)
    low, high = float(values.min()), float(values.max())
    if low < 0 or high >= 1 << DEPTHS[-1]:
        grey = _rescale(values, low, high)
    elif image.mode == "F" and high <= 1:
        grey = _rescale(values, 0, 1)
    else:
        depth = next(depth for depth in DEPTHS if high < 1 << depth)
        grey = _rescale(values, 0, (1 << depth) - 1)
    tags = getattr(image, "tag_v2", {})
    # Pillow turns a TIFF's "white is zero" round for 8 bits, not for more.
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        grey = 255 - grey
    if "transparency" in image.info:
        grey = np.where(values == image.info["transparency"], np.uint8(255), grey)
    return Image.fromarray(grey)


def _rescale(values: NDArray[np.generic], low: float, high: float) -> NDArray[np.uint8]:
    """Map `low` to 0 and `high` to 255, rounding to nearest. float32 is exact for the levels of 16 bits."""
    scaled = values.astype(np.float32)
    # Extremes of 32-bit floats may overflow on the way; they are clipped at the end.
    with np.errstate(over="ignore", invalid="ignore"):
        scaled -= np.float32(low)
        scaled *= np.float32(255 / (high - low) if high > low else 0)
    scaled += 0.5
    return np.clip(scaled, 0, 255, out=scaled).astype(np.uint8)


def _over_white(image: Image.Image) -> Image.Image:
    # Pillow converts premultiplied modes only to their plain counterparts.
    plain = {"La": "LA", "RGBa": "RGBA"}.get(image.mode)
    rgba = (image.convert(plain) if plain else image).convert("RGBA")
    canvas = Image.new("RGB", rgba.size, "white")
    canvas.paste(rgba, mask=rgba)
    return canvas
