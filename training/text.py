"""Text inside a graph: tokens, vocabularies and the share of unknown words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

UNKNOWN = -1


def words(texts: Any) -> Any:
    """Split strings `[B]` into ragged lower-case words `[B, (n)]`: runs of letters and digits, apostrophes inside."""
    lowered = tf.strings.lower(texts, encoding="utf-8")
    spaced = tf.strings.regex_replace(lowered, r"[^\p{L}\p{N}']+", " ")
    return tf.strings.split(tf.strings.regex_replace(spaced, r"(^| )'+|'+( |$)", " "))


def index_words(texts: Any) -> Any:
    """Split strings `[B]` as Keras' Reuters word index was made: its filter characters become spaces, then split."""
    lowered = tf.strings.lower(texts, encoding="utf-8")
    return tf.strings.split(tf.strings.regex_replace(lowered, r"[!\"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~\t\n]+", " "))


def as_lists(tokenise: Any, texts: NDArray[np.object_], batch: int = 512) -> list[list[str]]:
    """Run a graph's tokeniser over texts `[N]`, so that training counts the very words that serving will see."""
    rows: list[list[bytes]] = []
    for start in range(0, len(texts), batch):
        rows += tokenise(tf.constant(texts[start : start + batch])).to_list()
    return [[word.decode("utf-8", "replace") for word in row] for row in rows]


class Vocabulary(tf.Module):
    """A word's position in a list; unknown words get -1. The list is saved as an asset, one word a line."""

    def __init__(self, entries: Sequence[str], folder: Path, name: str):
        super().__init__()
        self.entries = tuple(entries)
        self.size = len(entries)
        path = folder / f"{name}.txt"
        path.write_text("".join(f"{entry}\n" for entry in entries), encoding="utf-8")
        initializer = tf.lookup.TextFileInitializer(
            str(path),
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        )
        self.table = tf.lookup.StaticHashTable(initializer, UNKNOWN)

    def counts(self, tokens: Any) -> Any:
        """Count ragged tokens `[B, (n)]` into float32 `[B, size]`; unknown ones are left out."""
        indices = tf.ragged.map_flat_values(self.table.lookup, tokens)
        known = tf.ragged.boolean_mask(indices, tf.ragged.map_flat_values(lambda i: i >= 0, indices))
        counts = tf.math.bincount(known, minlength=self.size, maxlength=self.size, axis=-1, dtype=tf.float32)
        return tf.ensure_shape(counts, [None, self.size])


@dataclass(frozen=True)
class UnknownRate:
    """The training texts' own share of unknown words, and how many words that expectation weighs."""

    share: float
    weight: float = 5.0


class UnknownWordScorer(tf.Module):
    """The share of a text's words that the vocabulary lacks, shrunk towards the training share for short texts.

    The posterior mean of a beta-binomial: (unknown + weight * share) / (words + weight). Numbers count neither way.
    A text without any word scores 1.
    """

    method = "share of words outside the training vocabulary, shrunk towards the training share for short texts"

    def __init__(self, vocabulary: Vocabulary, tokenise: Any, rate: UnknownRate):
        super().__init__()
        self.vocabulary, self.tokenise, self.rate = vocabulary, tokenise, rate

    def __call__(self, inputs: Any, _: Any) -> Any:
        """Map strings `[B]` to scores float32 `[B]`."""
        tokens = self.tokenise(inputs)
        is_word = tf.ragged.map_flat_values(lambda t: ~tf.strings.regex_full_match(t, r"[\p{N}']*"), tokens)
        kept = tf.ragged.boolean_mask(tokens, is_word)
        missing = tf.ragged.map_flat_values(lambda t: tf.cast(self.vocabulary.table.lookup(t) < 0, tf.float32), kept)
        total = tf.cast(kept.row_lengths(), tf.float32)
        unknown = tf.reduce_sum(missing, -1)
        shrunk = (unknown + self.rate.weight * self.rate.share) / (total + self.rate.weight)
        return tf.where(total > 0, shrunk, tf.ones_like(shrunk))


def unknown_share(rows: Iterable[list[str]], known: Iterable[str]) -> float:
    """Return the share of words, numbers left out, that are not known."""
    vocabulary = set(known)
    counted = [word in vocabulary for row in rows for word in row if not word.replace("'", "").isnumeric()]
    return 1.0 - sum(counted) / max(1, len(counted))
