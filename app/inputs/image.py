"""From a picture file's bytes to the pixels a model takes."""

from contextlib import nullcontext

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image
from PIL.ImageFile import ImageFile

from app.inputs.colour import to_mode
from app.inputs.limits import InputLimits
from app.inputs.opening import open_picture
from app.inputs.spec import ColourMode, ImageSpec
from app.inputs.structure import MAX_EXIF_BYTES

# A reduced JPEG keeps at least this many pixels, each way, for one of the result: the antialiased resize that follows
# then hides the difference from a full decode (mean difference under one grey level).
DRAFT_MARGIN = 2

# The EXIF orientation (Exif 2.32, tag 0x0112) to what undoes it.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = frozenset(_UPRIGHT[orientation] for orientation in (5, 6, 7, 8))


def read_image(data: bytes, spec: ImageSpec, limits: InputLimits) -> NDArray[np.uint8]:
    """Read a picture as a model takes it: the first frame, upright, uint8 `[spec.height, spec.width, spec.channels]`.

    Raises:
        InputError: nothing, no picture, too large, damaged (see `open_picture`).
    """
    size = spec.width, spec.height
    with open_picture(data, limits) as image:
        turn = _turn(image)
        stored_size = size[::-1] if turn in _SIDEWAYS else size
        resized = _reduced(image, spec.mode, stored_size, _filter(spec), limits)
        return _pixels(_turned(resized, turn), spec)


def read_grey(data: bytes, limits: InputLimits, longest: int | None = None) -> NDArray[np.uint8]:
    """Read a picture as greyscale, upright, in its own proportions: uint8 `[H, W]`.

    `longest` bounds the longer side, in pixels; a larger picture is averaged down to it.

    Raises:
        InputError: nothing, no picture, too large, damaged (see `open_picture`).
    """
    return _read_whole(data, "L", limits, longest)


def read_colour(data: bytes, limits: InputLimits, longest: int | None = None) -> NDArray[np.uint8]:
    """Read a picture as RGB, upright, in its own proportions: uint8 `[H, W, 3]`. Else as `read_grey`."""
    return _read_whole(data, "RGB", limits, longest)


def fit_image(image: Image.Image, spec: ImageSpec) -> NDArray[np.uint8]:
    """Convert an open picture to `spec`'s colours and size: uint8 `[spec.height, spec.width, spec.channels]`."""
    return _pixels(to_mode(image, spec.mode).resize((spec.width, spec.height), _filter(spec)), spec)


def shrink(grey: Image.Image, longest: int) -> Image.Image:
    """Average `grey` down, keeping its proportions, until its longer side has at most `longest` pixels."""
    return grey.resize(_bounded(grey.size, longest), Image.Resampling.BOX)


def _read_whole(data: bytes, mode: ColourMode, limits: InputLimits, longest: int | None) -> NDArray[np.uint8]:
    with open_picture(data, limits) as image:
        turn = _turn(image)
        size = image.size if longest is None else _bounded(image.size, longest)
        return np.array(_turned(_reduced(image, mode, size, Image.Resampling.BOX, limits), turn))


def _reduced(
    image: Image.Image, mode: ColourMode, size: tuple[int, int], how: Image.Resampling, limits: InputLimits
) -> Image.Image:
    """Decode `image` and resize it to `size`, both as stored; a JPEG is decoded at 1/2, 1/4 or 1/8 where that does.

    A side that 8 does not divide ends in a part of a reduced pixel: `box` is what the picture covers.
    """
    stored = image.width * image.height
    draft = image.draft(mode, (DRAFT_MARGIN * size[0], DRAFT_MARGIN * size[1]))
    box = None if draft is None else draft[1]
    # Of a progressive JPEG all coefficients are kept, however small the picture is made of them.
    decoded = stored if "progressive" in image.info else image.width * image.height
    # A DICOM picture is decoded already, and has its room.
    with limits.decoding.taken(decoded) if isinstance(image, ImageFile) else nullcontext():
        return to_mode(image, mode).resize(size, how, box)


def _bounded(size: tuple[int, int], longest: int) -> tuple[int, int]:
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _filter(spec: ImageSpec) -> Image.Resampling:
    return Image.Resampling[spec.resize.upper()]


def _pixels(image: Image.Image, spec: ImageSpec) -> NDArray[np.uint8]:
    return np.array(image).reshape(spec.height, spec.width, spec.channels)


def _turn(image: Image.Image) -> Image.Transpose | None:
    """How to turn the stored picture upright. Damaged or huge metadata says nothing. Pillow turns a TIFF by itself."""
    if getattr(image, "format", None) == "TIFF" or len(image.info.get("exif", b"")) > MAX_EXIF_BYTES:
        return None
    try:
        return _UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        return None


def _turned(image: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    return image if turn is None else image.transpose(turn)
