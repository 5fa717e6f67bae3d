import pytest

from app.whole_number import whole_number


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("123", 123)])
def test_ascii_digits_are_a_number(text: str, number: int) -> None:
    assert whole_number(text, 3) == number


@pytest.mark.parametrize("text", ["", "1234", "-1", "+1", " 1", "1_0", "1.0", "٣", "²", "9" * 5000])
def test_anything_else_is_none(text: str) -> None:
    assert whole_number(text, 3) is None
