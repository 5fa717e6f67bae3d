import numpy as np
import pytest
from PIL import Image

from app.inputs.digit import read_digit
from app.inputs.errors import EmptyInputError, UnsupportedInputError
from app.inputs.image import read_image
from app.inputs.limits import InputLimits
from app.inputs.reader import read_input
from app.inputs.spec import DigitSpec, ImageSpec, TextSpec
from helpers.handwriting import font_digit, on_paper, photographed
from helpers.picture_files import cat, encode

LIMITS = InputLimits()
IMAGE = ImageSpec(mode="L", height=30, width=40)


def test_each_spec_is_read_by_its_reader():
    photo = encode(cat(), "JPEG")
    digit = encode(Image.fromarray(photographed(on_paper(font_digit(3)))), "PNG")
    assert np.array_equal(read_input(photo, IMAGE, LIMITS), read_image(photo, IMAGE, LIMITS))
    assert np.array_equal(read_input(digit, DigitSpec(), LIMITS), read_digit(digit, LIMITS))
    assert read_input(b"Oil\x03rose", TextSpec(), LIMITS) == "Oil rose"


@pytest.mark.parametrize("spec", [IMAGE, DigitSpec(), TextSpec()])
def test_nothing_is_empty_for_every_spec(spec):
    with pytest.raises(EmptyInputError):
        read_input(b"", spec, LIMITS)


def test_a_text_is_no_picture_and_a_picture_no_text():
    for data, spec in ((b"a news text", IMAGE), (b"a news text", DigitSpec()), (encode(cat(), "JPEG"), TextSpec())):
        with pytest.raises(UnsupportedInputError):
            read_input(data, spec, LIMITS)
