"""News topics: the study's multi-hot network, and ours, a linear machine on position-aware TF-IDF."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from app.inputs.spec import TextSpec
from training import card_texts
from training.batches import Plan
from training.calibrate import fit_sigmoid
from training.datasets import reuters
from training.datasets.base import Dataset
from training.fit import fit
from training.recipes.base import Fitted, OperatingTarget, Options, TaskTraining
from training.recipes.keras_fit import compile_for_labels
from training.run import Run
from training.text import (
    UnknownRate,
    UnknownWordScorer,
    Vocabulary,
    as_lists,
    index_words,
    unknown_share,
    words,
)
from training.topic_networks import MultiHotNetwork, TfidfNetwork

MIN_DOCUMENTS = 2


@dataclass(frozen=True)
class TopicReference:
    """The study's recipe: 10,000 most frequent words, present or not, and two hidden layers of 64."""

    task: str = "topic"
    name: str = "reference"
    summary: str = "multi-hot 10,000 words, Dense 64 twice, softmax; rmsprop, batch 512, 9 epochs"
    spec: TextSpec = TextSpec()
    operating_target: OperatingTarget | None = None
    reported: str | None = "not stated"
    note: str | None = None
    vocabulary_size: int = 10_000
    epochs: int = 9
    batch_size: int = 512

    def fit(self, data: Dataset, options: Options, run: Run) -> Fitted:
        """Train as the study did: no early stopping, the last epoch is the model."""
        rows = as_lists(index_words, data.train.inputs)
        entries = [word for word, _ in Counter(w for row in rows for w in row).most_common(self.vocabulary_size)]
        vocabulary = Vocabulary(entries, run.stage("assets"), "words")
        hidden = keras.Sequential(
            [
                keras.Input((len(entries),)),
                keras.layers.Dense(64, activation="relu"),
                keras.layers.Dense(64, activation="relu"),
            ]
        )
        classifier = keras.layers.Dense(len(data.labels))
        model = keras.Sequential([hidden, classifier])
        compile_for_labels(model, keras.optimizers.RMSprop())
        network = MultiHotNetwork(vocabulary, hidden, classifier)
        history = fit(
            model,
            (network.multi_hot(data.train.inputs), data.train.labels),
            (network.multi_hot(data.validation.inputs), data.validation.labels),
            Plan(options.epochs or self.epochs, self.batch_size, options.seed),
            run.stage("network"),
            quiet=run.quiet,
            workers=run.workers,
        )
        scorer = UnknownWordScorer(vocabulary, index_words, UnknownRate(unknown_share(rows, entries)))
        return Fitted(network, scorer, {"network": history})


@dataclass(frozen=True)
class TopicLinear:
    """Ours: TF-IDF over words and over the words of the opening, one linear support-vector machine a topic.

    A news text says what it is about in its headline and first sentence, so those words count again as features of
    their own. A label's weight in the loss grows with the power `rarity` of how much rarer than the commonest it is.
    """

    task: str = "topic"
    name: str = "linear"
    summary: str = "TF-IDF of all words and, again, of the opening 8 and 40; linear SVMs, one against the rest"
    spec: TextSpec = TextSpec()
    operating_target: OperatingTarget | None = None
    reported: str | None = None
    note: str | None = None
    openings: tuple[int, ...] = (8, 40)
    min_documents: int = 3
    penalty: float = 1.0
    rarity: float = 0.3

    def fit(self, data: Dataset, options: Options, run: Run) -> Fitted:
        """Fit in seconds; there are no epochs."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.svm import LinearSVC

        rows = as_lists(words, data.train.inputs)
        vectorizer = TfidfVectorizer(analyzer=self._fields, min_df=self.min_documents, sublinear_tf=True)
        matrix = vectorizer.fit_transform(rows)
        machine = LinearSVC(
            C=self.penalty, class_weight=_rarity_weights(data.train.labels, self.rarity), random_state=options.seed
        ).fit(matrix, data.train.labels)
        weights = np.zeros((matrix.shape[1], len(data.labels)), np.float32)
        bias = np.full(len(data.labels), machine.intercept_.min(), np.float32)
        weights[:, machine.classes_] = machine.coef_.T
        bias[machine.classes_] = machine.intercept_
        vocabulary = Vocabulary(list(vectorizer.get_feature_names_out()), run.stage("assets"), "features")
        held_out = vectorizer.transform(as_lists(words, data.validation.inputs))
        sigmoid = fit_sigmoid(held_out @ weights + bias, data.validation.labels)
        network = TfidfNetwork(vocabulary, self.openings, vectorizer.idf_, weights, bias, sigmoid)

        known = _in_documents(rows, MIN_DOCUMENTS)
        rate = UnknownRate(unknown_share(rows, known))
        scorer = UnknownWordScorer(Vocabulary(known, run.stage("assets"), "words"), words, rate)
        return Fitted(network, scorer)

    def _fields(self, row: list[str]) -> list[str]:
        return row + [f"{n}^{word}" for n in self.openings for word in row[:n]]


def _rarity_weights(labels: NDArray[np.int64], power: float) -> dict[int, float]:
    present, counts = np.unique(labels, return_counts=True)
    return {int(label): float((counts.max() / count) ** power) for label, count in zip(present, counts, strict=True)}


def _in_documents(rows: Iterable[list[str]], least: int) -> list[str]:
    """Return the words that are in at least so many rows, sorted."""
    documents = Counter(word for row in rows for word in set(row))
    return sorted(word for word, count in documents.items() if count >= least)


TRAINING = TaskTraining((TopicReference(), TopicLinear()), reuters.discover, card_texts.TOPIC)
