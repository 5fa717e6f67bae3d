"""Uploads that tests draw, good and bad."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageDraw


def png(mode: str, size: tuple[int, int], colour: int | tuple[int, int, int]) -> bytes:
    """A PNG of one colour."""
    return encoded(Image.new(mode, size, colour), "PNG")


def jpeg(size: tuple[int, int], colour: tuple[int, int, int]) -> bytes:
    """A JPEG of one colour."""
    return encoded(Image.new("RGB", size, colour), "JPEG")


def noise_png(size: int) -> bytes:
    """A PNG of random pixels."""
    pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    return encoded(Image.fromarray(pixels), "PNG")


def digit_png() -> bytes:
    """A dark stroke on light paper, as someone writes a one."""
    paper = Image.new("L", (200, 160), 245)
    ImageDraw.Draw(paper).line((110, 30, 95, 130), fill=20, width=12)
    return encoded(paper, "PNG")


def bomb_png(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few bytes whose header promises `width` x `height` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def encoded(picture: Image.Image, format_: str) -> bytes:
    """A picture as a file's bytes."""
    buffer = io.BytesIO()
    picture.save(buffer, format_)
    return buffer.getvalue()
