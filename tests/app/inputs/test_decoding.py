import io
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import numpy as np
import pytest
from PIL import Image
from pydicom import uid

from app.giving_up import GIVEN_UP, GivenUpError
from app.inputs.decoding import SMALL_PIXELS, DecodingRoom
from app.inputs.image import read_grey
from app.inputs.limits import InputLimits
from benchmarks.dicom.writing import dicom_file

LARGE = 2 * SMALL_PIXELS


def entered(room: DecodingRoom, pixels: int, pool: ThreadPoolExecutor) -> tuple[threading.Event, threading.Event]:
    """Let a thread decode so many pixels. Returns what it sets when it has begun, and what ends it."""
    inside, end = threading.Event(), threading.Event()

    def decode() -> None:
        with room.taken(pixels):
            inside.set()
            assert end.wait(10)

    pool.submit(decode)
    return inside, end


def test_pictures_beyond_the_room_wait_in_turn_and_small_ones_never() -> None:
    room = DecodingRoom(2 * LARGE)
    with ThreadPoolExecutor(6) as pool:
        first, second = entered(room, LARGE, pool), entered(room, LARGE, pool)
        assert first[0].wait(10)
        assert second[0].wait(10)
        largest = entered(room, 2 * LARGE, pool)
        assert not largest[0].wait(0.1)
        small, late = entered(room, SMALL_PIXELS, pool), entered(room, LARGE, pool)
        assert small[0].wait(10)
        first[1].set()
        # There is room for the late one, but it is not its turn.
        assert not late[0].wait(0.1)
        second[1].set()
        assert largest[0].wait(10)
        assert not late[0].wait(0.1)
        largest[1].set()
        assert late[0].wait(10)
        for _, end in (small, late):
            end.set()


def test_a_picture_larger_than_the_room_is_read_alone() -> None:
    with DecodingRoom(1).taken(LARGE):
        pass


def test_a_picture_that_nobody_waits_for_any_more_leaves_its_place_to_the_next() -> None:
    room = DecodingRoom(2 * LARGE)
    given_up = threading.Event()

    def wait_in_vain() -> None:
        GIVEN_UP.set(given_up.is_set)
        with room.taken(2 * LARGE):
            pytest.fail("there was no room")

    with ThreadPoolExecutor(3) as pool:
        first = entered(room, LARGE, pool)
        assert first[0].wait(10)
        waiting = pool.submit(copy_context().run, wait_in_vain)
        time.sleep(0.1)
        late = entered(room, LARGE, pool)
        assert not late[0].wait(0.2)
        given_up.set()
        assert isinstance(waiting.exception(10), GivenUpError)
        assert late[0].wait(10)
        for _, end in (first, late):
            end.set()


def test_room_comes_back_after_a_picture_that_cannot_be_read() -> None:
    room = DecodingRoom(LARGE)
    with pytest.raises(ZeroDivisionError), room.taken(LARGE):
        raise ZeroDivisionError
    with room.taken(LARGE):
        pass


@pytest.mark.parametrize(("options", "waits"), [({}, False), ({"progressive": True}, True)])
def test_a_jpeg_takes_the_room_of_what_is_decoded_of_it(options: dict[str, bool], waits: bool) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((2_400, 2_400), np.uint8)).save(buffer, "JPEG", **options)
    limits = InputLimits(decoding=DecodingRoom(LARGE))
    with ThreadPoolExecutor(1) as pool:
        with limits.decoding.taken(LARGE):
            reading = pool.submit(read_grey, buffer.getvalue(), limits, 100)
            if not waits:
                assert reading.result(10).shape == (100, 100)
            else:
                assert not threading.Event().wait(0.2)
                assert not reading.done()
        assert reading.result(10).shape == (100, 100)


def test_a_deflated_file_is_not_inflated_before_there_is_room() -> None:
    data = dicom_file(np.zeros((6_000, 6_000), np.uint8), uid.DeflatedExplicitVRLittleEndian)
    limits = InputLimits(decoding=DecodingRoom(LARGE))
    tracemalloc.start()
    try:
        with ThreadPoolExecutor(1) as pool:
            with limits.decoding.taken(LARGE):
                reading = pool.submit(read_grey, data, limits, 100)
                assert not threading.Event().wait(0.5)
                # The header's part, and no more.
                assert tracemalloc.get_traced_memory()[1] < 20_000_000
            assert reading.result(20).shape == (100, 100)
            assert tracemalloc.get_traced_memory()[1] > 36_000_000
    finally:
        tracemalloc.stop()


def test_a_dicom_picture_waits_for_room_once() -> None:
    limits = InputLimits(decoding=DecodingRoom(LARGE))
    data = dicom_file(np.zeros((2_400, 2_400), np.uint8))
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(read_grey, data, limits, 100).result(20).shape == (100, 100)
