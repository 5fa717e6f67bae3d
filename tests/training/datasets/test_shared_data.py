"""The data sets that the committed models are trained on, where they are at hand: found whole, and read."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.inputs.spec import DigitSpec, ImageSpec, InputSpec, TextSpec
from training.datasets.base import Source
from training.datasets.catalogue import find_source
from training.datasets.contents import dataset_digest
from training.datasets.reading import read_examples
from training.datasets.reuters_words import tokenise
from training.datasets.splitting import split_groups

DATA = Path(__file__).parents[4] / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the training data is not at hand")


def counts(source: Source) -> Counter[str]:
    return Counter(example.label for example in source.examples)


def test_the_chest_xrays_are_found_with_their_copies_united():
    source = find_source("pneumonia", DATA / "chest_xray")
    assert counts(source) == {"NORMAL": 1341, "PNEUMONIA": 3875}
    assert dataset_digest(source.examples[:50]) == dataset_digest(
        find_source("pneumonia", DATA / "chest_xray/train").examples[:50]
    )
    train, validation = split_groups(source, 0.15, 0)
    assert {example.label for example in validation} == {"NORMAL", "PNEUMONIA"}
    assert abs(len(validation) / len(source.examples) - 0.15) < 0.01
    assert not {example.group for example in train} & {example.group for example in validation}


def test_the_cats_and_dogs_are_found():
    assert counts(find_source("catdog", DATA / "cats_dogs")) == {"cat": 2500, "dog": 2500}


def test_the_digits_are_found():
    source = find_source("digit", DATA / "mnist")
    assert len(source.examples) == 60_000
    assert [counts(source)[label] for label in source.labels] == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip


def test_the_news_are_found_with_all_46_topics():
    source = find_source("topic", DATA / "reuters")
    assert len(source.examples) == 8982
    assert set(counts(source)) == set(source.labels)
    _, validation = split_groups(source, 0.15, 0)
    assert set(counts(replace(source, examples=validation))) == set(source.labels)


def test_the_news_bodies_have_the_commonest_words_of_keras_index():
    # The first of the ranks in reuters_word_index.json, without the word "3" that closed each body.
    commonest = {
        "the",
        "of",
        "to",
        "in",
        "said",
        "and",
        "a",
        "mln",
        "vs",
        "dlrs",
        "it",
        "reuter",
        "for",
        "000",
    }
    words: Counter[str] = Counter()
    for example in find_source("topic", DATA / "reuters").examples:
        words.update(tokenise(str(example.payload)))
    assert {word for word, _ in words.most_common(14)} == commonest


@pytest.mark.parametrize(
    ("task", "folder", "spec", "shape"),
    [
        ("pneumonia", "chest_xray", ImageSpec(mode="L", height=224, width=224), (40, 224, 224, 1)),
        ("pneumonia", "chest_xray_native", ImageSpec(mode="L", height=224, width=224), (24, 224, 224, 1)),
        ("catdog", "cats_dogs", ImageSpec(mode="RGB", height=180, width=180), (40, 180, 180, 3)),
        ("digit", "mnist", DigitSpec(), (40, 28, 28, 1)),
        ("topic", "reuters", TextSpec(), (40,)),
    ],
)
def test_a_sample_of_each_data_set_is_read(task: str, folder: str, spec: InputSpec, shape: tuple[int, ...]):
    source = find_source(task, DATA / folder)
    with_content = [example for example in source.examples if not isinstance(example.payload, str) or example.payload]
    chosen = np.random.default_rng(0).permutation(len(with_content))[:40]
    split, skipped = read_examples([with_content[row] for row in chosen], source.labels, spec, progress=False)
    assert skipped == ()
    assert split.inputs.shape == shape
