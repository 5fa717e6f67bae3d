"""Keras' Reuters data, lists of word ids, turned back into texts. They are bodies without titles."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from training.datasets.base import DatasetError
from training.datasets.npz import read_npz

_INDEX_NAME = "reuters_word_index.json"

# `keras.datasets.reuters.load_data` shuffles the texts with this seed and keeps the last fifth for its test.
_SPLIT_SEED = 113
_TEST_FRACTION = 0.2

# The control character that closes every body, `&#3;` in the published SGML, was indexed as the word "3".
_END_OF_TEXT = "3"

_Texts = Iterator[tuple[str, str, str]]


def read_indexed_texts(path: Path, part: str, labels: Sequence[str]) -> _Texts:
    """Yield a name, a topic and the text of every item in the `train` or `test` part of reuters.npz.

    Raises:
        DatasetError: the file, or the word index beside it, is missing, damaged or does not fit the other.
    """
    arrays = read_npz(path)
    if not {"x", "y"} <= arrays.keys() or arrays["x"].shape[:1] != arrays["y"].shape:
        raise DatasetError(f"{path} has the arrays {', '.join(arrays) or 'none'}; x and y of one length are expected")
    ids, classes = arrays["x"], arrays["y"]
    order = np.arange(len(ids))
    np.random.RandomState(_SPLIT_SEED).shuffle(order)
    cut = int(len(ids) * (1 - _TEST_FRACTION))
    chosen = order[:cut] if part == "train" else order[cut:]
    return _texts(ids[chosen], classes[chosen], part, _read_index(path.with_name(_INDEX_NAME)), labels)


def download_texts(labels: Sequence[str]) -> _Texts:
    """Yield the same of the training part that Keras downloads.

    Raises:
        DatasetError: the download fails.
    """
    from keras.datasets import reuters

    try:
        # `load_data` by default adds 3 to every id (0 pads, 1 starts a text, 2 stands for a rare word), while
        # the word index counts from 1. These arguments leave the ids as stored, and every word in.
        (ids, classes), _ = reuters.load_data(
            num_words=np.iinfo(np.int64).max,
            start_char=None,
            oov_char=None,
            index_from=0,
            seed=_SPLIT_SEED,
            test_split=_TEST_FRACTION,
        )
        index = reuters.get_word_index()
    except Exception as error:
        raise DatasetError(
            f"Reuters could not be downloaded: {error}\nWithout internet, bring Keras' reuters.npz and"
            f" {_INDEX_NAME} into one folder here and name the first: quartet train topic --data reuters.npz"
        ) from error
    return _texts(ids, classes, "train", index, labels)


def _read_index(path: Path) -> Mapping[str, int]:
    try:
        index = json.loads(path.read_bytes())
    except OSError as error:
        raise DatasetError(f"the word index {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise DatasetError(f"the word index {path} is not JSON: {error}") from error
    if not isinstance(index, dict):
        raise DatasetError(f"the word index {path} is not an object of words and their ids")
    return index


def _texts(
    ids: Iterable[Sequence[int]],
    classes: Iterable[Any],
    part: str,
    index: Mapping[str, int],
    labels: Sequence[str],
) -> _Texts:
    # The stored ids are ranks, the commonest word 1: an id is looked up as it is, with no offset.
    words = {rank: word for word, rank in index.items()}
    for number, (ranks, class_number) in enumerate(zip(ids, classes, strict=True)):
        try:
            text = [words[rank] for rank in ranks]
            topic = labels[class_number]
        except (KeyError, IndexError, TypeError) as error:
            raise DatasetError(
                f"text {number} has a word id or a class that is not in the word index or the"
                f" {len(labels)} topics ({error}): are the ids offset, or is {_INDEX_NAME} of other data?"
            ) from error
        if text[-1:] == [_END_OF_TEXT]:
            text.pop()
        yield f"{part}/{number:05}", topic, " ".join(text)
