"""Pictures made to cost far more than their bytes: each is a few lines of code and at most a body's size."""

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from functools import partial

from PIL import Image

BODY_BYTES = 32 * 2**20
"""The service's default `max_body_bytes`."""
INT = struct.Struct("<I")


def picture(name: str, size: tuple[int, int] = (64, 64), mode: str = "RGB", **options: object) -> bytes:
    """A valid file of that format, of one colour."""
    file = io.BytesIO()
    Image.new(mode, size).save(file, name, **options)
    return file.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG (PNG specification, section 5.3)."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_with(*chunks: bytes) -> bytes:
    """A small PNG with these chunks between its header and its pixels."""
    plain = picture("PNG")
    return plain[:33] + b"".join(chunks) + plain[33:]


def png_claiming(width: int, height: int, pixels: bytes = bytes(1000)) -> bytes:
    """A PNG whose header claims a size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (png_chunk(b"IHDR", header), png_chunk(b"IDAT", zlib.compress(pixels)), png_chunk(b"IEND", b""))
    )


def _deflated_zeros(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)


def _png_with_wide_texts() -> bytes:
    # One letter beyond the basic plane makes Python store four bytes for each.
    text = zlib.compress(b"a" * 1_000_000 + "\U0001f600".encode(), 9)
    return png_with(*(png_chunk(b"iTXt", b"key%d\0\1\0\0\0" % number + text) for number in range(63)))


def _png_with_exif() -> bytes:
    return png_with(png_chunk(b"eXIf", _endless_tags(60_000, 1_000_000)))


def _endless_tags(entries: int, size: int) -> bytes:
    """A TIFF structure whose every tag names the same `size` bytes."""
    tags = b"".join(struct.pack("<HHII", number + 1000, 1, size, 8) for number in range(entries))
    return b"II*\0" + INT.pack(8 + size) + bytes(size) + struct.pack("<H", entries) + tags + bytes(4)


def jpeg_with(*segments: bytes) -> bytes:
    """A small JPEG with these segments after its start of image."""
    plain = picture("JPEG")
    return plain[:2] + b"".join(segments) + plain[2:]


def jpeg_segment(marker: int, body: bytes) -> bytes:
    """A marker segment (ITU-T T.81, B.1.1.4)."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _jpeg_claiming(width: int, height: int) -> bytes:
    data = bytearray(picture("JPEG"))
    frame = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, frame + 5, height, width)
    return bytes(data)


def jpeg_of_scans(scans: int, size: tuple[int, int], progressive: bool) -> bytes:
    """A JPEG of one grey whose first scan is repeated, each time with no more data than its header."""
    data = picture("JPEG", size, "L", progressive=progressive)
    start = data.index(b"\xff\xda")
    scan = data[start:].split(b"\xff\xda")[1]
    header = b"\xff\xda" + scan[: struct.unpack(">H", scan[:2])[0]]
    return data[:-2] + header * scans + data[-2:]


def _jpeg_with_exif() -> bytes:
    block = b"Exif\0\0" + _endless_tags(5_000, 5_000)
    return jpeg_with(jpeg_segment(0xE1, block[:65_000]), jpeg_segment(0xE1, b"Exif\0\0" + block[65_000:]))


def _tiff(tags: Mapping[int, tuple[int, int, int]], blob: bytes) -> bytes:
    """A TIFF of one page with `blob` at offset 8: tag to its type, its count, and its value or offset."""
    entries = b"".join(struct.pack("<HHII", tag, *tags[tag]) for tag in sorted(tags))
    return b"II*\0" + INT.pack(8 + len(blob)) + blob + struct.pack("<H", len(tags)) + entries + bytes(4)


def _tiff_page(width: int, height: int, compression: int = 1, rows: int = 2**31) -> dict[int, tuple[int, int, int]]:
    return {
        256: (4, 1, width),
        257: (4, 1, height),
        258: (3, 1, 8),
        259: (3, 1, compression),
        262: (3, 1, 1),
        273: (4, 1, 8),
        277: (3, 1, 1),
        278: (4, 1, min(rows, height)),
        279: (4, 1, 64),
    }


def _tiff_of_strips(strips: int) -> bytes:
    return _tiff(_tiff_page(64, 64, rows=1) | {273: (4, strips, 8), 279: (4, strips, 8)}, INT.pack(8) * strips)


def _tiff_with_resolutions(count: int) -> bytes:
    return _tiff(_tiff_page(64, 64) | {282: (5, count, 8), 283: (5, count, 8)}, struct.pack("<II", 1, 3) * count)


def _tiff_with_sample_formats(count: int) -> bytes:
    return _tiff(_tiff_page(64, 64) | {339: (3, count, 8)}, struct.pack("<H", 1) * count)


def _tiff_claiming(side: int, compression: int) -> bytes:
    zeros = zlib.compress(bytes(1_000_000), 9)
    return _tiff(_tiff_page(side, side, compression) | {279: (4, 1, len(zeros))}, zeros)


def _tiff_of_tiles() -> bytes:
    page = _tiff_page(64, 64, 8)
    page |= {322: (4, 1, 60_000), 323: (4, 1, 60_000), 324: (4, 1, 8), 325: (4, 1, 64)}
    return _tiff(page, bytes(64))


def _tiff_with_one_huge_tag() -> bytes:
    size = BODY_BYTES - 1000
    return _tiff(_tiff_page(64, 64) | {700: (1, size, 8), 34675: (7, size, 8), 34377: (1, size, 8)}, bytes(size))


def _tiff_of_many_tags() -> bytes:
    size = 1_000_000
    page = _tiff_page(64, 64)
    tags = page | {40_000 + number: (1, size, 8) for number in range(20_000)}
    return _tiff(tags, bytes(size))


def _webp_claiming(width: int, height: int) -> bytes:
    canvas = INT.pack(width - 1)[:3] + INT.pack(height - 1)[:3]
    body = b"WEBPVP8X" + INT.pack(10) + bytes(4) + canvas + picture("WEBP", lossless=True)[12:]
    return b"RIFF" + INT.pack(len(body)) + body


def _webp_with_exif() -> bytes:
    plain = picture("WEBP", lossless=True)
    exif = _endless_tags(60_000, 1_000_000)
    canvas = INT.pack(63)[:3] * 2
    body = b"WEBPVP8X" + INT.pack(10) + b"\x08\0\0\0" + canvas + plain[12:] + b"EXIF" + INT.pack(len(exif)) + exif
    return b"RIFF" + INT.pack(len(body)) + body


def _webp_of_frames(frames: int) -> bytes:
    data = picture("WEBP", (16, 16), lossless=True)[12:]
    head = b"ANMF" + INT.pack(16 + len(data)) + bytes(6) + INT.pack(15)[:3] * 2 + bytes(4) + data
    body = b"WEBPVP8X" + INT.pack(10) + b"\x02\0\0\0" + INT.pack(15)[:3] * 2 + b"ANIM" + INT.pack(6) + bytes(6)
    body += head * frames
    return b"RIFF" + INT.pack(len(body)) + body


def _gif(canvas: tuple[int, int], frame: tuple[int, int, int, int], before: bytes = b"", frames: int = 1) -> bytes:
    one = b"," + struct.pack("<HHHHB", *frame, 0) + b"\x02\x02\x44\x01\0"
    return b"GIF89a" + struct.pack("<HHBBB", *canvas, 0x80, 0, 0) + bytes(6) + before + one * frames + b";"


def _gif_comment(blocks: int) -> bytes:
    return b"!\xfe" + (b"\xff" + b"a" * 255) * blocks + b"\0"


def _bmp(width: int, height: int, compression: int, pixels: bytes) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, compression, len(pixels), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 1078 + len(pixels), 0, 0, 1078) + header + bytes(1024) + pixels


BOMBS: Mapping[str, Callable[[], bytes]] = {
    "PNG: 60,000 x 60,000 claimed": partial(png_claiming, 60_000, 60_000),
    "PNG: 7,000 x 7,000 claimed, 1 KB of pixels": partial(png_claiming, 7_000, 7_000),
    "PNG: zTXt that inflates to 100 MB": lambda: png_with(png_chunk(b"zTXt", b"key\0\0" + _deflated_zeros(10**8))),
    "PNG: iTXt that inflates to 100 MB": lambda: png_with(
        png_chunk(b"iTXt", b"key\0\1\0\0\0" + _deflated_zeros(10**8))
    ),
    "PNG: 63 iTXt of 4 MB in memory": _png_with_wide_texts,
    "PNG: iCCP that inflates to 100 MB": lambda: png_with(png_chunk(b"iCCP", b"key\0\0" + _deflated_zeros(10**8))),
    "PNG: 60,000 EXIF tags of 1 MB": _png_with_exif,
    "PNG: 2,000,000 empty chunks": lambda: png_with(png_chunk(b"abCd", b"") * 2_000_000),
    "PNG: 2,000,000 empty texts": lambda: png_with(png_chunk(b"tEXt", b"a\0") * 2_000_000),
    "JPEG: 60,000 x 60,000 claimed": partial(_jpeg_claiming, 60_000, 60_000),
    "JPEG: 5,000 progressive scans of 49 million pixels": partial(jpeg_of_scans, 5_000, (7_000, 7_000), True),
    "JPEG: 400 progressive scans of 49 million pixels": partial(jpeg_of_scans, 400, (7_000, 7_000), True),
    "JPEG: 400 baseline scans of 49 million pixels": partial(jpeg_of_scans, 400, (7_000, 7_000), False),
    "JPEG: 8,000,000 empty segments": lambda: jpeg_with(jpeg_segment(0xE5, b"") * 8_000_000),
    "JPEG: 500 EXIF segments of 64 KB": lambda: jpeg_with(jpeg_segment(0xE1, b"Exif\0\0" + bytes(65_000)) * 500),
    "JPEG: 500 segments of 64 KB": lambda: jpeg_with(jpeg_segment(0xE5, bytes(65_000)) * 500),
    "JPEG: 5,000 EXIF tags of 5 KB": _jpeg_with_exif,
    "JPEG: 32 MB of fill bytes": lambda: jpeg_with(b"\xff" * 32_000_000),
    "JPEG: 32 MB of zeros between segments": lambda: jpeg_with(jpeg_segment(0xE5, b""), b"\0" * 32_000_000),
    "TIFF: 60,000 x 60,000 claimed, deflate": partial(_tiff_claiming, 60_000, 8),
    "TIFF: 7,000 x 7,000 claimed, 1 KB of deflate": partial(_tiff_claiming, 7_000, 8),
    "TIFF: 7,000 x 7,000 claimed, 1 KB of LZW": partial(_tiff_claiming, 7_000, 5),
    "TIFF: a tile of 60,000 x 60,000": _tiff_of_tiles,
    "TIFF: 8,000,000 strips": partial(_tiff_of_strips, 8_000_000),
    "TIFF: 8,000,000 strips, cut short": lambda: _tiff_of_strips(8_000_000)[:-5],
    "TIFF: 60,000 strips": partial(_tiff_of_strips, 60_000),
    "TIFF: 4,000,000 resolutions": partial(_tiff_with_resolutions, 4_000_000),
    "TIFF: 16,000,000 sample formats": partial(_tiff_with_sample_formats, 16_000_000),
    "TIFF: 20,000 tags of 1 MB": _tiff_of_many_tags,
    "TIFF: three tags of 32 MB": _tiff_with_one_huge_tag,
    "WebP: a canvas of 16,383 x 16,383": partial(_webp_claiming, 16_383, 16_383),
    "WebP: 60,000 EXIF tags of 1 MB": _webp_with_exif,
    "WebP: 400,000 frames": partial(_webp_of_frames, 400_000),
    "GIF: a canvas of 65,535 x 65,535": lambda: _gif((65_535, 65_535), (0, 0, 1, 1)),
    "GIF: a frame far out": lambda: _gif((1, 1), (65_000, 65_000, 1, 1)),
    "GIF: 2,000,000 frames": lambda: _gif((1, 1), (0, 0, 1, 1), frames=2_000_000),
    "GIF: a comment of 32 MB": lambda: _gif((1, 1), (0, 0, 1, 1), _gif_comment(125_000)),
    "GIF: 8,000,000 comments": lambda: _gif((1, 1), (0, 0, 1, 1), b"!\xfe\1a\0" * 6_000_000),
    "GIF: 32 MB of zeros before the first frame": lambda: _gif((1, 1), (0, 0, 1, 1), bytes(32_000_000)),
    "BMP: 40,000 x 40,000 claimed": lambda: _bmp(40_000, 40_000, 0, bytes(64)),
    "BMP: 7,000 x 7,000 claimed, 64 bytes": lambda: _bmp(7_000, 7_000, 0, bytes(64)),
    "BMP: RLE lines of one pixel": lambda: _bmp(60_000, 800, 1, b"\1\1\0\0" * 800),
    "BMP: RLE runs of one pixel": lambda: _bmp(4_000, 3_900, 1, b"\1\1" * 15_600_000),
}


LARGEST: Mapping[str, Callable[[], bytes]] = {
    "PNG, RGB": partial(picture, "PNG", (7_000, 7_000)),
    "PNG, RGBA": partial(picture, "PNG", (7_000, 7_000), "RGBA"),
    "PNG, 16-bit grey": partial(picture, "PNG", (7_000, 7_000), "I;16"),
    "JPEG": partial(picture, "JPEG", (7_000, 7_000)),
    "JPEG, progressive": partial(picture, "JPEG", (7_000, 7_000), progressive=True),
    "TIFF, deflate": partial(picture, "TIFF", (7_000, 7_000), compression="tiff_adobe_deflate"),
    "TIFF, 32-bit floating point": partial(picture, "TIFF", (7_000, 7_000), "F", compression="tiff_adobe_deflate"),
    "WebP": partial(picture, "WEBP", (7_000, 7_000), lossless=True, method=0),
    "GIF": partial(picture, "GIF", (7_000, 7_000), "P"),
}
"""Pictures of one colour with 49 of the 50 million pixels that are read by default: few bytes too, but no lie."""
