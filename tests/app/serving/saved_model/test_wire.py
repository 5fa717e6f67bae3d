import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.serving.saved_model.wire import field_of, fields, messages, number, number_field_of, text, varint

NUMBERS = st.integers(0, 2**64 - 1)
FIELD_NUMBERS = st.integers(1, 2**20)


@given(st.lists(st.tuples(FIELD_NUMBERS, st.one_of(NUMBERS, st.binary(max_size=300)))))
def test_what_is_written_is_read(written):
    parts = [number_field_of(key, v) if isinstance(v, int) else field_of(key, v) for key, v in written]
    found = [(key, v if isinstance(v, int) else bytes(v)) for key, v in fields(memoryview(b"".join(parts)))]
    assert found == written


@given(st.binary(max_size=200))
def test_bytes_that_are_no_message_are_an_error_and_never_read_beyond_their_end(data):
    try:
        found = list(fields(memoryview(data)))
    except ValueError:
        return
    assert sum(len(value) for _, value in found if not isinstance(value, int)) <= len(data)


def test_a_field_that_is_cut_short_is_an_error():
    whole = field_of(3, b"abcdef")
    with pytest.raises(ValueError, match="cut short"):
        list(fields(memoryview(whole[:-1])))


def test_a_number_without_an_end_is_an_error():
    with pytest.raises(ValueError, match="cut short"):
        varint(memoryview(b"\xff" * 11), 0)


def test_an_absent_field_has_protocol_buffers_defaults_and_the_last_of_several_counts():
    message = memoryview(number_field_of(1, 5) + number_field_of(1, 6) + field_of(2, b"a") + field_of(2, "ö".encode()))
    assert (number(message, 1), number(message, 9)) == (6, 0)
    assert (text(message, 2), text(message, 9)) == ("ö", "")


def test_a_number_where_bytes_belong_is_an_error():
    with pytest.raises(ValueError, match="field 1 is a number"):
        list(messages(memoryview(number_field_of(1, 5)), 1))
