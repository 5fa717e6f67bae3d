"""Figures of a classifier on weighted examples, for many weightings at once.

Each is made once from N examples, then called with weights float32 `[N, R]`, and gives one value a column. So
all bootstrap replicates, and the figure itself (all weights 1), come from the same code. NaN means undefined.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.bootstrap import Figures, Weights

ECE_BINS = 15


@dataclass(frozen=True)
class _Bins:
    """Examples sorted into bins once, to sum many weightings over them fast."""

    count: int
    filled: NDArray[np.int64]
    order: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, bin_of: NDArray[np.int64], count: int, where: NDArray[np.bool_] | None = None) -> "_Bins":
        """Sort the examples (those `where`, if given) by their bin, 0 up to `count`."""
        chosen = np.arange(len(bin_of)) if where is None else np.flatnonzero(where)
        order = chosen[np.argsort(bin_of[chosen], kind="stable")]
        filled, starts = np.unique(bin_of[order], return_index=True)
        return cls(count, filled, order, starts)

    def sums(self, values: NDArray[np.floating]) -> Figures:
        """Sum `values` `[N, R]` over each bin: `[count, R]`."""
        sums = np.zeros((self.count, values.shape[1]))
        if self.filled.size:
            sums[self.filled] = np.add.reduceat(values.take(self.order, axis=0), self.starts, axis=0)
        return sums


class Rates:
    """What follows from the confusion matrix: accuracy, and precision, recall and F1 of each class."""

    def __init__(self, labels: NDArray[np.int64], decisions: NDArray[np.int64], classes: int) -> None:
        self._actual = _Bins.of(labels, classes)
        self._predicted = _Bins.of(decisions, classes)
        self._correct = _Bins.of(labels, classes, where=labels == decisions)

    def __call__(self, weights: Weights) -> tuple[dict[str, Figures], Figures, Figures]:
        """Return the summary figures `[R]` by name, then precision and recall of each class, `[K, R]`.

        Precision is undefined for a class never predicted, recall for a class that does not occur. Balanced
        accuracy is the mean recall of the classes that occur; macro F1 the mean of
        `2 correct / (actual + predicted)` over the classes that occur or are predicted.
        """
        actual, predicted, correct = (b.sums(weights) for b in (self._actual, self._predicted, self._correct))
        recall = _ratio(correct, actual)
        summary = {
            "accuracy": correct.sum(axis=0) / actual.sum(axis=0),
            "balanced_accuracy": _mean_of_defined(recall),
            "macro_f1": _mean_of_defined(_ratio(2 * correct, actual + predicted)),
        }
        return summary, _ratio(correct, predicted), recall


class RocAuc:
    """Area under the ROC curve: the chance that a positive scores above a negative, ties counting half.

    This is the Mann-Whitney statistic (Hanley and McNeil 1982). Neighbouring scores with no positive among
    them are summed as one, which changes nothing and leaves about twice as many terms as positives.
    """

    def __init__(self, scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> None:
        self._order = np.argsort(scores, kind="stable")
        ranked, is_positive = scores[self._order], positive[self._order]
        self._positive = is_positive.astype(np.float32)[:, None]
        tied = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
        holds_positive = np.logical_or.reduceat(is_positive, tied)
        self._starts = tied[np.r_[True, holds_positive[1:] | holds_positive[:-1]]]

    def __call__(self, weights: Weights) -> Figures:
        """Return the area for each weighting, `[R]`; undefined without both positives and negatives."""
        ranked = weights.take(self._order, axis=0)
        total = np.add.reduceat(ranked, self._starts, axis=0).astype(np.float64)
        positive = np.add.reduceat(ranked * self._positive, self._starts, axis=0).astype(np.float64)
        negative = total - positive
        below = negative.cumsum(axis=0) - negative / 2
        return _ratio((positive * below).sum(axis=0), positive.sum(axis=0) * negative.sum(axis=0))


class MacroAuc:
    """ROC AUC: of class 1 for two classes, else the mean over one-vs-rest of the classes that occur."""

    def __init__(self, probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
        classes = [1] if probabilities.shape[1] == 2 else np.unique(labels).tolist()
        self._each = [RocAuc(probabilities[:, c], labels == c) for c in classes]

    def __call__(self, weights: Weights) -> Figures:
        """Return the area for each weighting, `[R]`."""
        return _mean_of_defined(np.stack([auc(weights) for auc in self._each]))


class CalibrationError:
    """Expected calibration error of the top label, over 15 bins of confidence (Guo et al. 2017)."""

    def __init__(self, probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
        confidence = probabilities.max(axis=1)
        correct = probabilities.argmax(axis=1) == labels
        self._bins = _Bins.of(confidence_bins(confidence), ECE_BINS)
        self._gap = (correct - confidence.astype(np.float64))[:, None]

    def __call__(self, weights: Weights) -> Figures:
        """Return the error for each weighting, `[R]`, in 0..1."""
        return _ratio(np.abs(self._bins.sums(weights * self._gap)).sum(axis=0), weights.sum(axis=0))


class LogLoss:
    """Mean negative log-likelihood of the true class, in nats."""

    def __init__(self, probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
        # A float32 softmax can round to exactly 0, whose logarithm would drown every other example.
        of_true = np.maximum(probabilities[np.arange(len(labels)), labels], np.finfo(np.float32).eps)
        self._loss = -np.log(of_true.astype(np.float64))

    def __call__(self, weights: Weights) -> Figures:
        """Return the loss for each weighting, `[R]`."""
        return _ratio(self._loss @ weights, weights.sum(axis=0))


def confidence_bins(confidence: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the bin 0..14 of each confidence; bin b holds `(b / 15, (b + 1) / 15]` (Guo et al. 2017)."""
    bins: NDArray[np.int64] = np.clip(np.ceil(confidence * ECE_BINS) - 1, 0, ECE_BINS - 1).astype(np.int64)
    return bins


def _ratio(above: Figures, below: Figures) -> Figures:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def _mean_of_defined(figures: Figures) -> Figures:
    """Average over axis 0, leaving NaN out: `[M, R]` -> `[R]`."""
    defined = ~np.isnan(figures)
    return _ratio(np.where(defined, figures, 0.0).sum(axis=0), defined.sum(axis=0).astype(np.float64))
