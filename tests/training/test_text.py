"""Text in the graph: tokens as documented, vocabularies that ignore unknown words, the share of unknown words."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from training.datasets.reuters_words import tokenise
from training.text import (
    UnknownRate,
    UnknownWordScorer,
    Vocabulary,
    as_lists,
    index_words,
    unknown_share,
    words,
)


def tokens(function, *texts):
    return as_lists(function, np.array(texts, object))


def test_words_are_lower_case_runs_of_letters_and_digits_with_their_apostrophes():
    assert tokens(words, "U.S. O'Neill's 'quoted' 1,200.5 mln--Café\n<ACME.O>") == [
        ["u", "s", "o'neill's", "quoted", "1", "200", "5", "mln", "café", "acme", "o"]
    ]


def test_a_text_without_words_has_no_tokens():
    assert tokens(words, "?!", "", "one") == [[], [], ["one"]]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=80).map(str.lower))
def test_the_graph_tokenises_as_the_word_index_was_made(text):
    # An index's words were joined by plain spaces, so one of them may hold another kind of white space.
    assert " ".join(tokens(index_words, text)[0]).split() == " ".join(tokenise(text)).split()


def test_a_vocabulary_counts_known_words_only(tmp_path):
    vocabulary = Vocabulary(["a", "b", "c"], tmp_path, "words")
    counts = vocabulary.counts(tf.ragged.constant([["a", "b", "a", "x"], [], ["c"]], tf.string, ragged_rank=1))
    np.testing.assert_array_equal(counts, [[2, 1, 0], [0, 0, 0], [0, 0, 1]])


def test_unknown_words_raise_the_score_and_short_texts_are_judged_gently(tmp_path):
    scorer = UnknownWordScorer(Vocabulary(["oil", "price"], tmp_path, "words"), words, UnknownRate(0.1))
    known, short, long, nothing = scorer(
        tf.constant(["oil price oil 1987", "zzz", " ".join(["zzz"] * 60), "12 34"]), None
    ).numpy()
    assert known < 0.1 < short < long < nothing == 1
    assert long > 0.9


def test_the_share_of_unknown_words_leaves_numbers_out():
    assert unknown_share([["oil", "12", "zzz", "price"]], ["oil", "price"]) == pytest.approx(1 / 3)
