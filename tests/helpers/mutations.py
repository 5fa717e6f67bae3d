"""Damages bytes as a fuzzer does: at random, and where formats keep their lengths."""

import struct
import zlib
from collections.abc import Callable, Sequence
from random import Random

TOKENS = (
    # PNG, WebP
    *(b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT", b"iCCP", b"eXIf", b"zTXt"),
    *(b"RIFF", b"WEBP", b"VP8 ", b"VP8L", b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"EXIF", b"ICCP", b"XMP "),
    # JPEG: markers of tables, frames and scans
    *(bytes((0xFF, code)) for code in (0xC0, 0xC2, 0xC4, 0xC9, 0xD0, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD, 0xE0, 0xE1, 0xFE)),
    *(b"JFIF\0", b"Exif\0\0", b"ICC_PROFILE\0", b"Adobe", b"MPF\0"),
    # GIF, TIFF, BMP
    *(b"GIF89a", b"\x21\xf9\x04", b"\x21\xff\x0bNETSCAPE2.0", b"\x2c", b"\x3b"),
    *(b"II*\0", b"MM\0*", b"II+\0", b"BM", b"\x28\0\0\0", b"\x7c\0\0\0"),
    # DICOM: elements of the header, sequences, frames in JPEG-LS and JPEG 2000
    *(b"DICM", b"\x28\0\x10\0US", b"\x28\0\x00\x01US", b"\x28\0\x01\x01US", b"\xe0\x7f\x10\0OB", b"\x28\0\x50\x10DS"),
    *(b"\xfe\xff\0\xe0", b"\xfe\xff\xdd\xe0", b"\x28\0\x10\x30SQ", b"1.2.840.10008.1.2.5\0", b"\xff\xf7", b"\xff\xc3"),
    *(b"\xff\x4f\xff\x51", b"\xff\x52", b"\xff\x53", b"\xff\x90", b"\xff\x93"),
)
INTERESTING = (0, 1, 2, 4, 7, 8, 16, 127, 128, 255, 256, 257, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1)
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

Mutation = Callable[[Random, bytearray, Sequence[bytes]], None]


def mutated(random: Random, data: bytes, others: Sequence[bytes], tokens: Sequence[bytes] = TOKENS) -> bytes:
    """Damage `data` in one to six ways; parts of `others` may be put in."""
    damaged = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        if damaged:
            random.choice(_MUTATIONS)(random, damaged, (*others, *tokens))
    # A wrong checksum would end the reading before what was damaged is looked at.
    if damaged.startswith(PNG_SIGNATURE) and random.random() < 0.7:
        return _with_right_checksums(bytes(damaged))
    return bytes(damaged)


def _place(random: Random, data: bytearray) -> int:
    """A place in the data, its header as often as all the rest."""
    start, size = (128, 640) if data.startswith(b"DICM", 128) else (0, 128)
    if random.random() < 0.5:
        return random.randrange(start, min(len(data), start + size))
    return random.randrange(len(data))


def _flip_bits(random: Random, data: bytearray, _: Sequence[bytes]) -> None:
    for _unused in range(random.randint(1, 8)):
        data[_place(random, data)] ^= 1 << random.randrange(8)


def _cut(random: Random, data: bytearray, _: Sequence[bytes]) -> None:
    del data[_place(random, data) :]


def _drop(random: Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = _place(random, data)
    del data[at : at + random.randint(1, 64)]


def _repeat(random: Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = _place(random, data)
    data[at:at] = bytes(data[at : at + random.randint(1, 256)]) * random.choice((1, 2, 16))


def _insert(random: Random, data: bytearray, others: Sequence[bytes]) -> None:
    at = _place(random, data)
    data[at:at] = random.choice((random.randbytes(random.randint(1, 12)), random.choice(others)))


def _overwrite(random: Random, data: bytearray, others: Sequence[bytes]) -> None:
    at = _place(random, data)
    token = random.choice(others)[:32]
    data[at : at + len(token)] = token


def _splice(random: Random, data: bytearray, others: Sequence[bytes]) -> None:
    other = random.choice(others)
    data[_place(random, data) :] = other[random.randrange(len(other)) :]


def _set_number(random: Random, data: bytearray, _: Sequence[bytes]) -> None:
    _put_number(random, data, _place(random, data))


def _edit_beside_token(random: Random, data: bytearray, _: Sequence[bytes]) -> None:
    """Put a number where a chunk's or a segment's length stands: before or after its name."""
    found = [data.find(token) for token in TOKENS]
    places = [at + shift for at, token in zip(found, TOKENS, strict=True) if at >= 0 for shift in (-4, len(token))]
    if places:
        _put_number(random, data, max(0, random.choice(places)))


def _put_number(random: Random, data: bytearray, at: int) -> None:
    value = random.choice((*INTERESTING, random.getrandbits(32), len(data)))
    code = random.choice(("B", ">H", "<H", ">I", "<I"))
    size = struct.calcsize(code)
    data[at : at + size] = struct.pack(code, value % (1 << 8 * size))


_MUTATIONS: tuple[Mutation, ...] = (
    _flip_bits,
    _cut,
    _drop,
    _repeat,
    _insert,
    _overwrite,
    _splice,
    _set_number,
    _edit_beside_token,
    _edit_beside_token,
)


def _with_right_checksums(data: bytes) -> bytes:
    """Return a PNG whose chunks, as far as they are whole, have the checksums of what they now hold."""
    fixed, at = bytearray(data), len(PNG_SIGNATURE)
    while at + 12 <= len(fixed):
        (length,) = struct.unpack_from(">I", fixed, at)
        end = at + 8 + length
        if end + 4 > len(fixed):
            break
        struct.pack_into(">I", fixed, end, zlib.crc32(fixed[at + 4 : end]))
        at = end + 4
    return bytes(fixed)
