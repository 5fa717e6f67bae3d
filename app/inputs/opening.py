"""Open a picture file safely: only known formats, nothing decoded that is too large, one kind of error."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

# Imported so that Pillow knows these formats without loading all that it has.
from PIL import (  # noqa: F401
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)
from PIL.ImageFile import ImageFile

from app.inputs.dicom.picture import open_dicom
from app.inputs.errors import BrokenInputError, InputError, OversizedInputError
from app.inputs.frames import frame_count
from app.inputs.limits import InputLimits
from app.inputs.size import check_size
from app.inputs.sniff import PictureFormat, picture_format
from app.inputs.structure import check_structure, scan_count

# Decoders visit each pixel once for each sample; a TIFF has at most six (Pillow's limit) and may name the same bytes
# as often as it likes.
MAX_VISITS = 6
# An encoder writes about ten; each is a pass over the whole picture, whose time bears no relation to its bytes: 100 ms
# for so many pixels, counted once for each scan.
MAX_JPEG_SCANS = 500
MAX_SCANNED_PIXELS = 1_500_000_000
_TILE_WIDTH, _TILE_LENGTH = 322, 323


@contextmanager
def open_picture(data: bytes, limits: InputLimits) -> Iterator[Image.Image]:
    """Open `data` for reading and check it against `limits` from its header and its structure alone.

    A DICOM file is decoded at once, to greyscale.

    Whatever Pillow raises inside the `with` block, while the picture is decoded or converted, becomes an
    `InputError`. Pillow's warnings about odd metadata go to the process's own warning filters, which are not touched:
    they cannot be changed for one thread.

    Raises:
        EmptyInputError: there are no bytes.
        UnsupportedInputError: not one of the formats that are read.
        OversizedInputError: more pixels or frames than `limits` allow, or more pieces than a picture needs.
        BrokenInputError: damaged or cut short.
    """
    name = picture_format(data)
    if name == "DICOM":
        with _input_errors(name, limits), open_dicom(data, limits) as picture:
            yield picture
        return
    check_structure(name, data)
    frames = frame_count(name, data, limits.max_frames)
    with _input_errors(name, limits), Image.open(BytesIO(data), formats=(name,)) as image:
        check_size(*image.size, limits)
        _check_work(image, data, limits)
        _check_frames(getattr(image, "n_frames", 1) if frames is None else frames, limits)
        yield image


@contextmanager
def _input_errors(name: PictureFormat, limits: InputLimits) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise OversizedInputError(
            f"The {name} picture has too many pixels; at most {limits.max_pixels:,} are read. Send a smaller copy."
        ) from error
    except UnidentifiedImageError as error:
        raise BrokenInputError(f"The header of the {name} picture is damaged or of zero size.") from error
    # A damaged file makes Pillow raise nearly anything: OSError, SyntaxError, ValueError, KeyError, struct.error ...
    except Exception as error:
        raise BrokenInputError(f"The {name} picture is damaged or cut short: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    return str(error).rstrip(". ") or type(error).__name__


def _check_work(image: ImageFile, data: bytes, limits: InputLimits) -> None:
    """Refuse a file whose header is modest but whose decoding is not."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        tile = int(image.tag_v2.get(_TILE_WIDTH, 0)) * int(image.tag_v2.get(_TILE_LENGTH, 0))
        if tile > limits.max_pixels:
            raise OversizedInputError(
                f"The picture's tiles have {tile:,} pixels; at most {limits.max_pixels:,} are read."
            )
    boxes = [tile.extents for tile in image.tile if tile.extents]
    visits = sum((right - left) * (bottom - top) for left, top, right, bottom in boxes)
    if visits > MAX_VISITS * image.width * image.height:
        raise BrokenInputError("The picture's strips or tiles overlap.")
    if "progressive" in image.info:
        most = min(MAX_JPEG_SCANS, MAX_SCANNED_PIXELS // max(1, image.width * image.height))
        if scan_count(data) > most:
            raise OversizedInputError(f"The picture has more than {most} scans. Save it again as a plain JPEG.")


def _check_frames(frames: int, limits: InputLimits) -> None:
    if frames > limits.max_frames:
        raise OversizedInputError(f"The file has more than {limits.max_frames:,} frames. Send the one to look at.")
