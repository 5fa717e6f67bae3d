import struct
import time

import pytest
from PIL import Image

from app.inputs.errors import OversizedInputError
from app.inputs.frames import frame_count
from helpers.picture_files import encode, noise


def frames(number):
    return [Image.fromarray(noise(6, 5, seed)) for seed in range(number)]


@pytest.mark.parametrize("name", ["GIF", "TIFF"])
@pytest.mark.parametrize("number", [1, 2, 7])
def test_the_frames_of_a_file_are_counted(name, number):
    first, *rest = frames(number)
    data = encode(first, name, save_all=True, append_images=rest)
    assert frame_count(name, data, at_most=100) == number


def test_a_big_tiff_is_counted():
    first, *rest = frames(3)
    data = encode(first, "TIFF", save_all=True, append_images=rest, big_tiff=True)
    assert frame_count("TIFF", data, at_most=100) == 3


@pytest.mark.parametrize("name", ["GIF", "TIFF"])
def test_counting_stops_beyond_the_limit(name):
    first, *rest = frames(9)
    data = encode(first, name, save_all=True, append_images=rest)
    assert frame_count(name, data, at_most=4) == 5


def test_a_chain_of_tiff_pages_that_loops_ends():
    data = bytearray(encode(frames(1)[0], "TIFF"))
    (directory,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, directory)
    struct.pack_into("<I", data, directory + 2 + 12 * entries, directory)
    assert frame_count("TIFF", bytes(data), at_most=100) == 1


def test_a_file_cut_short_counts_what_is_there():
    first, *rest = frames(3)
    for name in ("GIF", "TIFF"):
        data = encode(first, name, save_all=True, append_images=rest)
        assert all(frame_count(name, data[:end], at_most=9) <= 3 for end in range(13, len(data)))


def test_a_million_frames_are_not_looked_at():
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    data = encode(frames(1)[0], "GIF")[:-1] + frame * 1_000_000 + b";"
    start = time.perf_counter()
    assert frame_count("GIF", data, at_most=1_000) == 1_001
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize("pieces", [b"!\xfe\1a\0" * 50_000, b"!\xfe" + b"\1a" * 50_000 + b"\0"])
def test_a_gif_of_endless_comments_is_refused(pieces):
    data = encode(frames(1)[0], "GIF")
    start = data.index(b",")
    with pytest.raises(OversizedInputError, match="pieces"):
        frame_count("GIF", data[:start] + pieces + data[start:], at_most=1_000)


def test_a_gif_of_tiny_blocks_is_refused():
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02" + b"\1a" * 50_000 + b"\0"
    with pytest.raises(OversizedInputError, match="pieces"):
        frame_count("GIF", encode(frames(1)[0], "GIF")[:-1] + frame + b";", at_most=1_000)


def test_a_large_gif_as_encoders_write_it_is_counted():
    first, *rest = [Image.fromarray(noise(300, 300, seed)) for seed in range(20)]
    data = encode(first, "GIF", save_all=True, append_images=rest, duration=40, comment=b"a" * 100_000)
    assert len(data) > 1_000_000
    assert frame_count("GIF", data, at_most=100) == 20
