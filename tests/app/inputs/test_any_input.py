"""Whatever is sent, the answer is what the spec asks for or an `InputError`."""

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from app.inputs.digit import normalise_digit
from app.inputs.errors import InputError
from app.inputs.limits import InputLimits
from app.inputs.reader import read_input
from app.inputs.spec import DigitSpec, ImageSpec, TextSpec
from app.inputs.text import clean_text
from helpers.picture_files import valid_files

LIMITS = InputLimits(max_pixels=1_000_000)
PICTURES = st.sampled_from(
    [ImageSpec(mode="RGB", height=7, width=9), ImageSpec(mode="L", height=5, width=3), DigitSpec()]
)
SPECS = PICTURES | st.just(TextSpec())
MAGICS = (
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"BM" + bytes(12) + b"(\0\0\0",
    b"II*\0",
    b"RIFF\0\0\0\0WEBPVP8L",
)
bounded = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def check(data, spec):
    try:
        result = read_input(data, spec, LIMITS)
    except InputError:
        return
    if isinstance(spec, TextSpec):
        assert result.strip()
        assert result.encode()
        assert clean_text(result, LIMITS) == result
    else:
        assert result.shape == (spec.height, spec.width, spec.channels)
        assert result.dtype == np.uint8


@st.composite
def damaged_files(draw):
    data = bytearray(draw(st.sampled_from(valid_files())))
    for _ in range(draw(st.integers(1, 4))):
        if not data:
            break
        # Headers are where damage is most telling.
        at = draw(st.integers(0, len(data) - 1) | st.integers(0, min(100, len(data) - 1)))
        match draw(st.sampled_from(["set", "flip", "cut", "drop", "insert", "splice", "word"])):
            case "set":
                data[at] = draw(st.integers(0, 255))
            case "flip":
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del data[at:]
            case "drop":
                del data[at : at + draw(st.integers(1, 40))]
            case "insert":
                data[at:at] = draw(st.binary(max_size=12))
            case "splice":
                other = draw(st.sampled_from(valid_files()))
                data[at:] = other[draw(st.integers(0, len(other) - 1)) :]
            case "word":
                data[at : at + 4] = draw(
                    st.sampled_from([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\x80"])
                )
    return bytes(data)


@pytest.mark.parametrize("spec", [ImageSpec(mode="RGB", height=7, width=9), ImageSpec(mode="L", height=5, width=3)])
def test_every_undamaged_file_is_read(spec):
    for data in valid_files():
        assert read_input(data, spec, LIMITS).shape == (spec.height, spec.width, spec.channels)


@bounded
@given(st.binary(max_size=300), SPECS)
@example(b"", TextSpec())
def test_any_bytes_give_an_input_or_an_input_error(data, spec):
    check(data, spec)


@bounded
@given(st.sampled_from(MAGICS), st.binary(max_size=300), PICTURES)
def test_any_bytes_after_a_pictures_first_ones_give_a_picture_or_an_input_error(magic, rest, spec):
    check(magic + rest, spec)


@pytest.mark.filterwarnings("ignore")
@settings(bounded, max_examples=600)
@given(damaged_files(), PICTURES)
def test_a_damaged_file_gives_a_picture_or_an_input_error(data, spec):
    check(data, spec)


@settings(bounded, max_examples=200)
@given(damaged_files(), PICTURES)
def test_a_damaged_file_gives_a_picture_or_an_input_error_where_warnings_are_errors(data, spec):
    check(data, spec)


@bounded
@given(st.text(st.characters(exclude_categories=[]), max_size=80))
@example("\ud83d\ude00\udc00")
@example("\ufeff\ufeffx")
def test_any_text_is_cleaned_for_good_or_refused(text):
    try:
        cleaned = clean_text(text, LIMITS)
    except InputError:
        return
    assert cleaned.encode()
    assert clean_text(cleaned, LIMITS) == cleaned


SIDES = (
    npst.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=40)
    | st.just((28, 28))
    | st.tuples(st.integers(1, 700), st.integers(1, 3))
)


@settings(bounded, max_examples=300)
@given(npst.arrays(np.uint8, SIDES) | npst.arrays(np.uint8, SIDES, elements=st.sampled_from([0, 255])))
def test_any_grey_picture_gives_a_digit_or_an_input_error(grey):
    try:
        field = normalise_digit(grey)
    except InputError:
        return
    assert field.shape == (28, 28, 1)
    assert field.dtype == np.uint8
    assert field.any()


@settings(bounded, max_examples=100)
@given(
    st.integers(0, 2**32 - 1),
    npst.array_shapes(min_dims=2, max_dims=2, max_side=150),
    st.sampled_from([0.01, 0.2, 0.5, 1]),
)
def test_any_noise_gives_a_digit_or_an_input_error(seed, shape, density):
    random = np.random.default_rng(seed)
    grey = np.where(random.random(shape) < density, random.integers(0, 256, shape), 128).astype(np.uint8)
    try:
        assert normalise_digit(grey).shape == (28, 28, 1)
    except InputError:
        return
