"""Shortcuts: picture statistics that tell the labels apart here but say nothing of what is in the picture.

In a set collected class by class, sharpness, exposure or borders can give the label away. A classifier that leans on
them fails where they differ. So training can weigh up the examples whose statistics point the wrong way, and
validation can be measured on those alone (after Liu et al. 2021, *Just Train Twice*, arXiv:2107.09044, with a model
of the statistics in the place of the first training).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.datasets.base import Dataset, DatasetError

BORDER = 0.05
"""Share of the side that counts as the picture's border."""

FOLDS = 5
HARD_SHARE = 0.3
"""Share of each label's examples, the most misleading ones, that the hard part of a split has."""

STATISTICS = (
    "sharpness", "relative sharpness", "mean", "spread", "darkest", "lightest", "middle",
    "top and bottom", "left and right", "black", "white",
)  # fmt: skip


def picture_statistics(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Describe pictures uint8 `[N, H, W, C]` by `STATISTICS`, float32 `[N, 11]`.

    Sharpness is the mean absolute second difference down the columns, in grey levels; black and white are shares of
    pixels within 5 levels of the ends.
    """
    return np.stack([_statistics(image.mean(-1)) for image in images]).astype(np.float32)


def _statistics(grey: NDArray[Any]) -> list[float]:
    height, width = grey.shape
    rows, columns = max(1, round(height * BORDER)), max(1, round(width * BORDER))
    sharpness, spread = float(np.abs(np.diff(grey, 2, axis=0)).mean()), float(grey.std())
    return [
        sharpness,
        sharpness / (spread + 1.0),
        float(grey.mean()),
        spread,
        float(np.percentile(grey, 1)),
        float(np.percentile(grey, 99)),
        float(grey[height // 4 : height * 3 // 4, width // 4 : width * 3 // 4].mean()),
        float(np.concatenate([grey[:rows], grey[-rows:]]).mean()),
        float(np.concatenate([grey[:, :columns], grey[:, -columns:]], 1).mean()),
        float((grey <= 5).mean()),
        float((grey >= 250).mean()),
    ]


@dataclass(frozen=True)
class Misleading:
    """The probability that a picture's statistics alone give it the wrong label, for both splits: float64 `[N]`."""

    train: NDArray[np.float64]
    validation: NDArray[np.float64]


def find_misleading(data: Dataset) -> Misleading:
    """Fit a logistic regression of two labels on picture statistics and see where it errs.

    No picture is judged by a model that saw it, or another one of its group.

    Raises:
        DatasetError: training has a label with less than two groups, so that one is judged without any of its label.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    train, validation = picture_statistics(data.train.inputs), picture_statistics(data.validation.inputs)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    labels, groups = data.train.labels, np.array(data.train.groups)
    folds = StratifiedGroupKFold(_fold_count(data))
    shares = cross_val_predict(model, train, labels, groups=groups, cv=folds, method="predict_proba")
    validation_shares = model.fit(train, labels).predict_proba(validation)
    return Misleading(_of_wrong(shares, labels), _of_wrong(validation_shares, data.validation.labels))


def _fold_count(data: Dataset) -> int:
    groups = np.array(data.train.groups)
    counts = {name: len(set(groups[data.train.labels == row])) for row, name in enumerate(data.labels)}
    fewest = min(counts, key=lambda name: counts[name])
    if counts[fewest] < 2:
        raise DatasetError(
            f"{fewest} has {counts[fewest]} group to train on ({data.grouped_by}), and two are needed, to judge each "
            "by the other: use more of the data (--limit), or hold less of it out (--validation-fraction)"
        )
    return min(FOLDS, counts[fewest])


def _of_wrong(shares: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    return 1.0 - shares[np.arange(len(labels)), labels]


def balancing_weights(misleading: NDArray[np.float64], labels: NDArray[np.int64], floor: float) -> NDArray[np.float32]:
    """Weigh each example by how misleading its statistics are, plus a floor; both labels sum to half of N."""
    weights = misleading + floor
    for label in np.unique(labels):
        weights[labels == label] *= len(labels) / (2 * weights[labels == label].sum())
    return weights.astype(np.float32)


def hard_rows(misleading: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return, in order, the rows of each label's `HARD_SHARE` most misleading examples."""
    hard = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        of_label = labels == label
        hard |= of_label & (misleading >= np.quantile(misleading[of_label], 1 - HARD_SHARE))
    return np.flatnonzero(hard)
