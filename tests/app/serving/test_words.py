import subprocess
import sys
import unicodedata

import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from app.serving.words import is_number, words_of
from training.text import words

# What Python, RE2 and ICU know alike: the newest of their tables of Unicode differ.
SETTLED = [
    chr(code)
    for code in range(1, sys.maxunicode + 1)
    if unicodedata.ucd_3_2_0.category(chr(code)) not in {"Cn", "Cs", "Co"}
]


def graph_words(texts):
    return [[word.decode() for word in row] for row in words(tf.constant(texts)).to_list()]


def test_every_character_of_unicode_is_part_of_a_word_or_not_as_in_the_graph():
    texts = [f"a{character}b {character} x{character}" for character in SETTLED]
    differing = [
        text
        for start in range(0, len(texts), 20_000)
        for text, expected in zip(
            texts[start : start + 20_000], graph_words(texts[start : start + 20_000]), strict=True
        )
        if words_of(text) != expected
    ]
    assert differing == []


def test_every_character_is_a_number_or_not_as_in_the_graph():
    found = tf.strings.regex_full_match(tf.constant(SETTLED), r"[\p{N}']*").numpy()
    assert [c for c, expected in zip(SETTLED, found, strict=True) if is_number(c) != expected] == []


@given(st.lists(st.text(st.sampled_from("aBÖ'_ 1²-\nΣς"), max_size=25), min_size=1, max_size=20))
def test_texts_are_split_as_in_the_graph(texts):
    assert [words_of(text) for text in texts] == graph_words(texts)


RUNS = st.integers(1, 40).map("'".__mul__)


@given(st.lists(st.lists(RUNS | st.sampled_from("a 'é\n"), max_size=12).map("".join), min_size=1, max_size=20))
def test_runs_of_apostrophes_are_taken_away_as_in_the_graph(texts):
    assert [words_of(text) for text in texts] == graph_words(texts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("'x' + run + \"x 'a\"", 2), ("'é' + run + \"é 'a\"", 2), ("('x' + run[:999] + 'x ') * 999 + \"'a\"", 1000)],
)
def test_a_million_apostrophes_within_words_are_passed_once(text, expected):
    # In a process of its own: a pattern that is tried again from each of them would hold up this one for hours.
    code = f"from app.serving.words import words_of; run = '\\'' * 999_990; print(len(words_of({text})))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    assert int(found.stdout) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oil's 'price' ROSE", ["oil's", "price", "rose"]),
        ("' ''", []),
        ("snake_case", ["snake", "case"]),
        ("", []),
        ("ΟΔΟΣ", ["οδος"]),
    ],
)
def test_words_are_lower_case_with_apostrophes_only_inside(text, expected):
    assert words_of(text) == expected
