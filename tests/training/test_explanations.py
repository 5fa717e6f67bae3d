"""Explanations are true to the model: the words that are said to carry an answer do carry it."""

import numpy as np
import pytest
import tensorflow as tf

from helpers.drawn_data import NEWS, write_news
from training.datasets.loading import load_dataset
from training.export import save_module
from training.recipes.base import Options
from training.recipes.catalogue import find_recipe
from training.run import Run
from training.serving_module import ServingModule
from training.text import as_lists, words

# Of the seven or so words in a text that tell its topic: with fewer gone, the rest still leave hardly a doubt.
REMOVED = 6


@pytest.fixture(scope="module")
def topics(tmp_path_factory):
    """The texts of a validation split as lists of words, and a trained model's exported signatures."""
    root = tmp_path_factory.mktemp("topic")
    recipe = find_recipe("topic", "linear")
    data = load_dataset("topic", write_news(root), recipe.spec, seed=0, validation_fraction=0.25, quiet=True)
    fitted = recipe.fit(data, Options(seed=0), Run(root / "run", quiet=True))
    save_module(ServingModule(fitted.network, fitted.scorer, 1.0, recipe.spec), root / "model")
    model = tf.saved_model.load(str(root / "model"))
    return as_lists(words, data.validation.inputs), model, data.labels


def answer(model, rows):
    texts = tf.constant([" ".join(row) for row in rows])
    return model.signatures["serving_default"](inputs=texts)["probabilities"].numpy()


def ranked_words(model, rows):
    """Each text's words, those that speak most for the answer first."""
    found = model.signatures["explain"](inputs=tf.constant([" ".join(row) for row in rows]))
    for named, evidence in zip(found["words"].numpy(), found["evidence"].numpy(), strict=True):
        order = np.argsort(-evidence, kind="stable")
        yield [named[index].decode() for index in order if named[index]]


def without(rows, removed):
    return [[word for word in row if word not in out] for row, out in zip(rows, map(set, removed), strict=True)]


def test_removing_the_top_words_lowers_the_probability_of_the_answer(topics):
    rows, model, _ = topics
    before = answer(model, rows)
    label = before.argmax(1)[:, None]
    ranked = list(ranked_words(model, rows))
    without_top = answer(model, without(rows, [named[:REMOVED] for named in ranked]))
    without_last = answer(model, without(rows, [named[-REMOVED:] for named in ranked]))
    whole, weakened, kept = (np.take_along_axis(found, label, 1) for found in (before, without_top, without_last))
    assert len(whole) >= 10
    assert (weakened < whole - 0.01).all()
    assert (weakened < kept - 0.01).all()


def test_the_top_words_are_those_of_the_topic(topics):
    rows, model, labels = topics
    answered = answer(model, rows).argmax(1)
    for label, named in zip(answered, ranked_words(model, rows), strict=True):
        assert set(named[:REMOVED]) <= set(NEWS[labels[label]].split())
