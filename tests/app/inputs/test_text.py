import pytest

from app.inputs.errors import EmptyInputError, OversizedInputError, UnsupportedInputError
from app.inputs.limits import InputLimits
from app.inputs.text import clean_text, read_text
from helpers.picture_files import cat, encode

LIMITS = InputLimits()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_utf_8_is_read_with_or_without_a_byte_order_mark(mark):
    assert (
        read_text(mark + "Gr\u00f6\u00dfe \u6f22 \U0001f600\nzwei".encode(), LIMITS)
        == "Gr\u00f6\u00dfe \u6f22 \U0001f600\nzwei"
    )


@pytest.mark.parametrize(
    ("data", "offset"), [(b"caf\xe9 au lait", 3), (b"\xef\xbb\xbfcaf\xe9", 6), (b"ok \xe6\xbc", 3)]
)
def test_another_encoding_is_refused_with_the_first_wrong_byte(data, offset):
    with pytest.raises(UnsupportedInputError, match=rf"not UTF-8: byte {offset} \(0x..\).*Save it as UTF-8"):
        read_text(data, LIMITS)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings_are_refused_by_name(encoding):
    with pytest.raises(UnsupportedInputError, match=r"UTF-16.*UTF-8"):
        read_text("Oil prices rose".encode(encoding), LIMITS)


def test_binary_data_full_of_nuls_is_refused():
    with pytest.raises(UnsupportedInputError, match="binary"):
        read_text(b"tar\0\0\0\0\0\0archive" * 20, LIMITS)


def test_a_picture_sent_as_a_text_is_named():
    with pytest.raises(UnsupportedInputError, match="looks like a PNG picture"):
        read_text(encode(cat(), "PNG"), LIMITS)


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"  \n\t ", b"\x03\x1f"])
def test_nothing_to_read_is_empty(data):
    with pytest.raises(EmptyInputError):
        read_text(data, LIMITS)


def test_control_characters_become_spaces_and_line_ends_stay():
    assert clean_text("oil\x03rose\tby\x00two\r\nnext\rlast\x85\x7f.", LIMITS) == "oil rose by two\nnext\nlast  ."


def test_byte_order_marks_before_a_text_are_dropped():
    assert clean_text("\ufeff\ufeffoil", LIMITS) == "oil"


def test_lone_surrogates_become_encodable_and_pairs_their_character():
    cleaned = clean_text("a\ud800b \ud83d\ude00 c\udc00", LIMITS)
    assert cleaned == "a\ufffdb \U0001f600 c\ufffd"
    assert cleaned.encode()


def test_a_text_of_exactly_the_limit_is_read_and_one_more_character_is_refused():
    limits = InputLimits(max_characters=5)
    assert read_text("\u6f22".encode() * 5, limits) == "\u6f22" * 5
    assert read_text("\U0001f600".encode() * 5, limits) == "\U0001f600" * 5
    for data in (b"sixsix", b"x" * 100):
        with pytest.raises(OversizedInputError, match="5 characters"):
            read_text(data, limits)
    with pytest.raises(OversizedInputError, match="5 characters"):
        clean_text("sixsix", limits)
