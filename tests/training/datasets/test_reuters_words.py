import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.datasets.reuters_words import tokenise


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The cat sat.", ["the", "cat", "sat"]),
        ("U.S. exports rose 1.15 pct", ["u", "s", "exports", "rose", "1", "15", "pct"]),
        ("it's AT&T's", ["it's", "at", "t's"]),
        ("<LINN>\tcompletes\npurchase", ["linn", "completes", "purchase"]),
        ("34,900 tonnes (up 400)", ["34", "900", "tonnes", "up", "400"]),
        ("\\^_`{|}~", []),
        ("", []),
        ("one\rtwo\u00a0three", ["one\rtwo\u00a0three"]),
        ("\u00c9lan ZÜRICH", ["\u00e9lan", "zürich"]),
    ],
)
def test_words_are_those_of_the_word_index(text: str, words: list[str]):
    assert tokenise(text) == words


@given(st.text())
def test_words_are_never_empty_and_hold_no_separator(text: str):
    for word in tokenise(text):
        assert word
        assert not set(word) & set(' !"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n')
