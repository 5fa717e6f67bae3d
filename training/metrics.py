"""How good a classifier is on a split: every figure with its bootstrap 95 % interval."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.serving.manifest import Estimate, SplitMetrics
from training.bootstrap import Figures, Weights, estimate
from training.weighted import CalibrationError, LogLoss, MacroAuc, Rates, RocAuc

FIGURE_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "accuracy": "accuracy",
        "balanced_accuracy": "balanced accuracy (mean recall)",
        "macro_f1": "macro F1",
        "auc": "ROC AUC",
        "ece": "expected calibration error (15 bins)",
        "nll": "negative log-likelihood (nats)",
    }
)
"""What the figures of `measure` are called for a reader."""


def measure(
    probabilities: NDArray[np.float32],
    labels: NDArray[np.int64],
    label_names: tuple[str, ...],
    *,
    split: str,
    seed: int = 0,
    resamples: int = 1000,
    decisions: NDArray[np.int64] | None = None,
    groups: NDArray[Any] | None = None,
) -> SplitMetrics:
    """Measure predicted probabilities against the truth.

    `values` has `accuracy`, `balanced_accuracy`, `macro_f1`, `auc` (two classes: of the second; more: the
    mean of one-vs-rest over the classes that occur), `ece` (15 bins, top label, Guo et al. 2017), `nll`
    (nats), and `precision/LABEL` and `recall/LABEL` of each label. A figure that the split cannot give is
    left out: the recall of a label that does not occur, the precision of one never predicted, the AUC where
    there is one class.

    Intervals are 95 % percentile bootstrap (Efron 1979). That of a rate of exactly 0 or 1 has no width, since
    resampling cannot vary it. That of `ece` leans high: resampling adds noise, which mostly raises it.

    Args:
        probabilities: float32 `[N, K]`, rows summing to 1.
        labels: int64 `[N]`, the true classes.
        label_names: K names in output order.
        split: what the examples are, as the figures will be quoted: "validation".
        seed: seeds the bootstrap.
        resamples: number of bootstrap replicates.
        decisions: int64 `[N]`, the predicted classes; the most probable ones if not given. `auc`, `ece` and
            `nll` do not depend on them.
        groups: `[N]`, drawn as wholes by the bootstrap: the patient of each example, say.

    Raises:
        ValueError: the shapes do not match, there is no example, or a class is not one of the K.
    """
    if probabilities.shape != (len(labels), len(label_names)):
        expected = (len(labels), len(label_names))
        raise ValueError(f"probabilities are {probabilities.shape}, not {expected}: labels x label_names")
    if decisions is None:
        decisions = probabilities.argmax(axis=1)
    _check_classes(labels, decisions, len(label_names))
    rates = Rates(labels, decisions, len(label_names))
    auc = MacroAuc(probabilities, labels)
    ece = CalibrationError(probabilities, labels)
    nll = LogLoss(probabilities, labels)

    def figures(weights: Weights) -> dict[str, Figures]:
        summary, precision, recall = rates(weights)
        whole = {"auc": auc(weights), "ece": ece(weights), "nll": nll(weights)}
        each = {"precision": precision, "recall": recall}
        by_label = {f"{kind}/{label}": row for kind in each for label, row in zip(label_names, each[kind], strict=True)}
        return summary | whole | by_label

    values = estimate(figures, len(labels), seed=seed, resamples=resamples, groups=groups)
    return SplitMetrics(split=split, examples=len(labels), values=values)


def confusion(labels: NDArray[np.int64], decisions: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """Count examples by true class (rows) and predicted class (columns): int64 `[k, k]`.

    Raises:
        ValueError: the lengths differ, there is no example, or a class is not below `k`.
    """
    _check_classes(labels, decisions, k)
    return np.bincount(labels * k + decisions, minlength=k * k).reshape(k, k).astype(np.int64)


def sensitivity_specificity(
    labels: NDArray[np.int64],
    decisions: NDArray[np.int64],
    *,
    positive: int = 1,
    seed: int = 0,
    resamples: int = 1000,
    groups: NDArray[Any] | None = None,
) -> tuple[Estimate, Estimate]:
    """Return the share of positives called positive, and of negatives called negative, of a two-class model.

    Args:
        labels: int64 `[N]`, the true classes, 0 or 1.
        decisions: int64 `[N]`, the predicted classes.
        positive: the class that counts as positive.
        seed: seeds the bootstrap.
        resamples: number of bootstrap replicates.
        groups: `[N]`, drawn as wholes by the bootstrap.

    Raises:
        ValueError: the lengths differ, or `labels` does not have both classes.
    """
    _check_classes(labels, decisions, 2)
    _check_both_occur(labels == positive)
    rates = Rates(labels, decisions, 2)

    def figures(weights: Weights) -> dict[str, Figures]:
        recall = rates(weights)[2]
        return {"sensitivity": recall[positive], "specificity": recall[1 - positive]}

    values = estimate(figures, len(labels), seed=seed, resamples=resamples, groups=groups)
    return values["sensitivity"], values["specificity"]


def roc_auc(
    scores: NDArray[np.floating],
    positive: NDArray[np.bool_],
    *,
    seed: int = 0,
    resamples: int = 1000,
    groups: NDArray[Any] | None = None,
) -> Estimate:
    """Return the area under the ROC curve of `scores` `[N]`, where higher should mean `positive` `[N]`.

    Raises:
        ValueError: the lengths differ, or there are no positives, or no negatives.
    """
    if scores.shape != positive.shape:
        raise ValueError(f"{len(scores)} scores for {len(positive)} examples")
    _check_both_occur(positive)
    auc = RocAuc(scores, positive)
    return estimate(lambda w: {"auc": auc(w)}, len(scores), seed=seed, resamples=resamples, groups=groups)["auc"]


def _check_classes(labels: NDArray[np.int64], decisions: NDArray[np.int64], k: int) -> None:
    if not len(labels):
        raise ValueError("there is no example to measure on")
    if labels.shape != decisions.shape:
        raise ValueError(f"{len(decisions)} decisions for {len(labels)} labels")
    for name, classes in (("labels", labels), ("decisions", decisions)):
        if classes.min() < 0 or classes.max() >= k:
            raise ValueError(f"{name} run from {classes.min()} to {classes.max()}, not within 0..{k - 1}")


def _check_both_occur(positive: NDArray[np.bool_]) -> None:
    if positive.all() or not positive.any():
        raise ValueError("there must be both positive and negative examples")
