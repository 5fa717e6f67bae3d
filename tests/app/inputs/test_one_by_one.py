import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from app.inputs.errors import BrokenInputError
from app.inputs.limits import InputLimits
from app.inputs.one_by_one import SMALL_PIXELS, OneByOne
from app.inputs.reader import read_input
from app.inputs.spec import DigitSpec
from helpers.handwriting import font_digit
from helpers.picture_files import encode


def png(grey: np.ndarray) -> bytes:
    return encode(Image.fromarray(grey), "PNG")


def enters(order: OneByOne, pixels: int, pool: ThreadPoolExecutor) -> threading.Event:
    """Let another thread enter with so many pixels; what is returned is set once it has."""
    entered = threading.Event()

    def enter() -> None:
        with order.entered(pixels):
            entered.set()

    pool.submit(enter)
    return entered


def test_small_pictures_are_worked_on_by_one_thread_at_a_time_and_large_ones_side_by_side() -> None:
    order = OneByOne()
    with ThreadPoolExecutor(2) as pool:
        with order.entered(SMALL_PIXELS):
            assert enters(order, SMALL_PIXELS + 1, pool).wait(10)
            second = enters(order, SMALL_PIXELS, pool)
            assert not second.wait(0.1)
        assert second.wait(10)


def test_large_pictures_keep_nobody_waiting() -> None:
    order = OneByOne()
    with ThreadPoolExecutor(1) as pool, order.entered(SMALL_PIXELS + 1):
        assert enters(order, 1, pool).wait(10)


def test_who_fails_leaves_the_way_free() -> None:
    limits = InputLimits()
    blank = png(np.full((100, 100), 255, np.uint8))
    for _ in range(2):
        with pytest.raises(BrokenInputError):
            read_input(blank, DigitSpec(), limits)


def test_a_digit_waits_for_the_one_before_it() -> None:
    limits = InputLimits()
    with ThreadPoolExecutor(1) as pool:
        with limits.one_by_one.entered(1):
            reading = pool.submit(read_input, png(np.pad(font_digit(7, 60), 30)), DigitSpec(), limits)
            with pytest.raises(TimeoutError):
                reading.result(timeout=0.2)
        assert reading.result(timeout=10).shape == (28, 28, 1)


def test_limits_can_be_given_to_another_process() -> None:
    with InputLimits().one_by_one.entered(1):
        copy = pickle.loads(pickle.dumps(InputLimits()))
    with ThreadPoolExecutor(1) as pool:
        assert enters(copy.one_by_one, 1, pool).wait(10)
