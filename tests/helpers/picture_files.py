"""Picture files of every kind that is read, and files whose headers lie."""

import struct
import zlib
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from helpers.dicom_files import small_files
from helpers.handwriting import font_digit, on_paper, photographed

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")


def encode(image: Image.Image, name: str, **options: Any) -> bytes:
    """Save `image` in the format of that name."""
    file = BytesIO()
    image.save(file, name, **options)
    return file.getvalue()


def decode(data: bytes) -> Image.Image:
    """Open a picture with Pillow alone."""
    return Image.open(BytesIO(data))


def shipped_file(name: str) -> bytes:
    """One of the pictures that scikit-image's wheel holds, as stored."""
    return (Path(skimage.data.__file__).parent / name).read_bytes()


def cat(scale: float = 1) -> Image.Image:
    """A photo of a cat, 451 x 300 pixels times `scale`, RGB."""
    photo = decode(shipped_file("chelsea.png")).convert("RGB")
    return photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.Resampling.BICUBIC)


def noise(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Random grey levels `[height, width]`."""
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)


@cache
def valid_files() -> list[bytes]:
    """Small files of each format, mode, compression and DICOM transfer syntax."""
    page = Image.fromarray(photographed(on_paper(font_digit(5, 30), (44, 52))))
    colour = Image.merge("RGB", (page, Image.fromarray(noise(52, 44)), page))
    frames = {"save_all": True, "append_images": [colour.rotate(90), page.convert("RGB")]}
    exif = Image.Exif()
    exif[0x0112] = 6
    files = [encode(image, name) for name in FORMATS for image in (page, colour)]
    files += [encode(colour, name, **frames) for name in ("GIF", "WEBP", "PNG", "TIFF")]
    files += [encode(colour, name, exif=exif) for name in ("JPEG", "PNG", "WEBP", "TIFF")]
    files += [
        encode(colour, "TIFF", compression=name) for name in ("tiff_lzw", "jpeg", "tiff_adobe_deflate", "packbits")
    ]
    files += [encode(colour, "JPEG", progressive=True), encode(colour.convert("CMYK"), "JPEG")]
    files += [encode(page.convert("1"), name) for name in ("PNG", "TIFF", "BMP")]
    files += [
        encode(page.convert("LA"), "PNG"),
        encode(colour.convert("RGBA"), "PNG"),
        encode(colour.convert("RGBA"), "WEBP"),
    ]
    files += [encode(colour.quantize(7), name) for name in ("PNG", "GIF", "BMP", "TIFF")]
    files += [encode(colour.quantize(7), "PNG", transparency=bytes([0, 90, 255]))]
    deep = np.asarray(page).astype(np.uint16) * 257
    files += [encode(Image.fromarray(deep.astype(dtype)), "TIFF") for dtype in (np.uint16, np.int32, np.float32)]
    return [*files, encode(Image.fromarray(deep), "PNG", transparency=257 * 30), *small_files()]


def png_claiming(width: int, height: int) -> bytes:
    """A greyscale PNG whose header claims a size and whose data holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def gif_claiming(width: int, height: int, left: int = 0, top: int = 0) -> bytes:
    """A GIF of 1 x 1 whose first frame claims a place and a size."""
    screen = struct.pack("<HHBBB", 1, 1, 0, 0, 0)
    frame = b"," + struct.pack("<HHHHB", left, top, width, height, 0) + b"\x08\x01\x00\x00"
    return b"GIF89a" + screen + frame + b";"


def webp_claiming(width: int, height: int) -> bytes:
    """An extended WebP whose header claims a canvas and that holds no picture."""
    canvas = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def bmp_claiming(width: int, height: int) -> bytes:
    """A BMP whose header claims a size and that holds no pixels."""
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header


def tiff(tags: dict[int, tuple[int, ...]], pixels: bytes, order: str = "<") -> bytes:
    """A TIFF of one page with these tags (all written as LONG) and `pixels` at offset 8."""
    values = b""
    entries = b""
    values_at = 8 + len(pixels)
    for tag in sorted(tags):
        items = struct.pack(f"{order}{len(tags[tag])}I", *tags[tag])
        field = items if len(items) == 4 else struct.pack(f"{order}I", values_at + len(values))
        entries += struct.pack(f"{order}HHI", tag, 4, len(tags[tag])) + field
        values += items if len(items) > 4 else b""
    magic = b"II*\0" if order == "<" else b"MM\0*"
    start = struct.pack(f"{order}I", values_at + len(values))
    return magic + start + pixels + values + struct.pack(f"{order}H", len(tags)) + entries + bytes(4)


def grey_tiff_tags(width: int, height: int, bits: int = 8, photometric: int = 1) -> dict[int, tuple[int, ...]]:
    """The tags of an uncompressed greyscale page whose pixels lie in one strip at offset 8."""
    return {
        256: (width,), 257: (height,), 258: (bits,), 259: (1,), 262: (photometric,), 273: (8,), 277: (1,),
        278: (height,), 279: (width * height * bits // 8,),
    }  # fmt: skip
