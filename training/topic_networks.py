"""The graphs over news texts: which words there are, or how telling each is, then a few weights."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.calibrate import Sigmoid
from training.network import Forward
from training.text import UNKNOWN, Vocabulary, index_words, words


class MultiHotNetwork(tf.Module):
    """Which words of a vocabulary a text has, then dense layers."""

    def __init__(self, vocabulary: Vocabulary, hidden: keras.Model, classifier: keras.layers.Dense):
        super().__init__()
        self.vocabulary, self.hidden, self.classifier = vocabulary, hidden, classifier

    @property
    def parameters(self) -> int:
        """Weights of the dense layers."""
        return int(self.hidden.count_params() + self.classifier.count_params())

    def __call__(self, inputs: Any) -> Forward:
        """Run strings `[B]`."""
        features = self.hidden(self._present(inputs))
        return Forward(self.classifier(features), features)

    def multi_hot(self, texts: NDArray[np.object_]) -> NDArray[np.float32]:
        """Return float32 `[N, size]` of zeros and ones."""
        parts = np.array_split(texts, max(1, len(texts) // 512))
        return np.concatenate([self._present(tf.constant(part)).numpy() for part in parts])

    def _present(self, inputs: Any) -> Any:
        return tf.minimum(self.vocabulary.counts(index_words(inputs)), 1.0)


class TfidfNetwork(tf.Module):
    """Sublinear TF-IDF with unit length (Salton and Buckley 1988), a linear layer and a sigmoid."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        openings: tuple[int, ...],
        idf: NDArray[np.float64],
        weights: NDArray[np.float32],
        bias: NDArray[np.float32],
        sigmoid: Sigmoid,
    ):
        super().__init__()
        self.vocabulary, self.openings, self.sigmoid = vocabulary, openings, sigmoid
        self.idf = tf.constant(idf, tf.float32)
        self.weights, self.bias = tf.Variable(weights, trainable=False), tf.Variable(bias, trainable=False)

    @property
    def parameters(self) -> int:
        """Weights, biases and document frequencies."""
        return int(self.weights.shape.num_elements() + self.bias.shape[0] + self.idf.shape[0])

    def __call__(self, inputs: Any) -> Forward:
        """Run strings `[B]`."""
        tokens = words(inputs)
        openings = [_in_opening(n, tokens[:, :n]) for n in self.openings]
        counts = self.vocabulary.counts(tf.concat([tokens, *openings], 1))
        weighted = tf.where(counts > 0, 1.0 + tf.math.log(tf.maximum(counts, 1.0)), 0.0) * self.idf
        features = tf.math.l2_normalize(weighted, -1)
        margins = tf.matmul(features, self.weights) + self.bias
        return Forward(tf.math.log_sigmoid(self.sigmoid.slope * margins + self.sigmoid.offset), features)

    def word_evidence(self, inputs: Any) -> tuple[Any, Any]:
        """Return each text's words and what each adds to the margin of the label answered.

        Strings `[B]` to words string `[B, n]` and evidence float32 `[B, n]`, in order of first appearance, padded with
        "" and 0. A linear layer's sum has one term a feature; a word's evidence is the sum of its features' terms,
        against the mean over the labels.
        """
        forward = self(inputs)
        answered = tf.gather(tf.transpose(self.weights), tf.argmax(forward.logits, -1))
        terms = forward.features * (answered - tf.reduce_mean(self.weights, 1))
        distinct = tf.map_fn(
            lambda row: tf.unique(row).y, words(inputs), fn_output_signature=tf.RaggedTensorSpec([None], tf.string)
        )
        fields = [distinct, *(_in_opening(n, distinct) for n in self.openings)]
        evidence = tf.add_n([self._terms_of(field, terms) for field in fields])
        return distinct.to_tensor(""), evidence

    def _terms_of(self, tokens: Any, terms: Any) -> Any:
        """Look up the term `[B, V]` of each ragged token: float32 `[B, n]`, 0 where the vocabulary lacks it."""
        positions = tf.ragged.map_flat_values(self.vocabulary.table.lookup, tokens).to_tensor(UNKNOWN)
        found = tf.gather(terms, tf.maximum(positions, 0), batch_dims=1)
        return tf.where(positions >= 0, found, 0.0)


def _in_opening(n: int, tokens: Any) -> Any:
    """Name ragged tokens as the features of the opening n words."""
    return tf.ragged.map_flat_values(lambda word: tf.strings.join([f"{n}^", word]), tokens)
