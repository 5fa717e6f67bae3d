"""Which frozen features hold up under shift: the measurement behind the choice of the pneumonia recipe.

    python -m benchmarks.frozen_features --data PATH --out docs/shift-study.md

Linear classifiers on ImageNet features, quick to fit, are judged four ways: on other patients, on those of them whose
picture statistics mislead, under strong shifts, and on clusters of picture statistics that training did not see.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.inputs.spec import ImageSpec
from training.backbones.efficientnet_lite import LITE0, LITE2, Variant
from training.datasets.base import Dataset
from training.datasets.loading import load_dataset
from training.recipes.keras_fit import features_of
from training.recipes.transfer import lite_network
from training.shifts import STRONG_SHIFTS
from training.shortcuts import Misleading, balancing_weights, find_misleading, hard_rows, picture_statistics

CLUSTERS = 5
PENALTY = 1e-2
"""The logistic regressions' C over standardised features."""


@dataclass(frozen=True)
class Backbone:
    """One network as a source of features."""

    title: str
    variant: Variant
    picture: int
    size: int


BACKBONES = (
    Backbone("Lite0, 224 pixels", LITE0, 224, 224),
    Backbone("Lite0, 112 pixels", LITE0, 224, 112),
    Backbone("Lite2, 260 pixels", LITE2, 260, 260),
)
FLOORS = (None, 0.05)
"""Floors of the weights for misleading examples; None weighs all alike."""

INTRODUCTION = """\
# Which features hold up under shift

Logistic regressions on frozen ImageNet features of the chest X-rays, by area under the ROC curve: on other patients; on
those of them whose picture statistics mislead (`training/shortcuts.py`); on a third of them under the worst of
{shifts} strong shifts (`training/shifts.py`); and on clusters of picture statistics that were left out of training, the
worst and the mean of them. Several sizes add their logits.

`python -m benchmarks.frozen_features --data PATH --out docs/shift-study.md` measured it.
"""
HEAD = (
    "| features | other patients | misleading | worst strong shift | worst cluster | mean of clusters |",
    "| --- | --- | --- | --- | --- | --- |",
)

EACH = 3
"""Every third validation picture is shifted: there are many shifts."""


@dataclass(frozen=True)
class Features:
    """Features `[N, D]` of the training pictures, of validation, and of part of it under each strong shift."""

    train: NDArray[np.float32]
    validation: NDArray[np.float32]
    shifted: dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Logits:
    """What one classifier says, float64 `[N]` each: of validation, of its part under each shift, of each cluster.

    A cluster's logits are those of a classifier that did not see it.
    """

    validation: NDArray[np.float64]
    shifted: dict[str, NDArray[np.float64]]
    clusters: dict[int, NDArray[np.float64]]

    def __add__(self, other: "Logits") -> "Logits":
        """Add the logits of two classifiers."""
        return Logits(
            self.validation + other.validation,
            {name: values + other.shifted[name] for name, values in self.shifted.items()},
            {cluster: values + other.clusters[cluster] for cluster, values in self.clusters.items()},
        )


@dataclass(frozen=True)
class Row:
    """One classifier's areas under the ROC curve."""

    title: str
    validation: float
    misleading: float
    worst_shift: tuple[str, float]
    clusters: tuple[float, ...]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every backbone with every weighting and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the chest X-rays")
    parser.add_argument("--out", type=Path, help="Markdown file to write (default: print)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    rows = []
    for row in _rows(options.data, options.seed):
        print(f"{row.title}: {row.validation:.4f}")
        rows.append(row)
    text = report(rows)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    else:
        print(text)


def _rows(path: Path, seed: int) -> Iterator[Row]:
    first, second = (backbone.title for backbone in BACKBONES[:2])
    of_all = _read(path, BACKBONES[0], seed)
    misleading, cluster_of = find_misleading(of_all), clusters(of_all, seed)
    logits: dict[tuple[str, float | None], Logits] = {}
    for backbone in BACKBONES:
        features = _features(backbone, _read(path, backbone, seed))
        for floor in FLOORS:
            weights = None if floor is None else balancing_weights(misleading.train, of_all.train.labels, floor)
            said = fit_and_ask(features, of_all.train.labels, weights, cluster_of)
            logits[backbone.title, floor] = said
            yield judge(said, of_all, misleading, cluster_of, f"{backbone.title}, {_weighting(floor)}")
    for floor in FLOORS:
        both = logits[first, floor] + logits[second, floor]
        yield judge(both, of_all, misleading, cluster_of, f"Lite0, 224 and 112 pixels, {_weighting(floor)}")


def _read(path: Path, backbone: Backbone, seed: int) -> Dataset:
    """Read the pictures at a backbone's size; which are held out, and their order, is the same at every size."""
    return load_dataset("pneumonia", path, _spec(backbone), seed=seed, quiet=True)


def _spec(backbone: Backbone) -> ImageSpec:
    return ImageSpec(mode="L", height=backbone.picture, width=backbone.picture)


def _weighting(floor: float | None) -> str:
    return "all weigh alike" if floor is None else f"misleading weigh more, floor {floor}"


def _features(backbone: Backbone, data: Dataset) -> Features:
    network = lite_network(backbone.variant, _spec(backbone), backbone.size)
    validation = data.validation.inputs
    return Features(
        features_of(network, data.train.inputs),
        features_of(network, validation),
        {shift.name: features_of(network, shift(validation[::EACH])) for shift in STRONG_SHIFTS},
    )


def clusters(data: Dataset, seed: int) -> NDArray[np.int64]:
    """Return the k-means cluster of each training picture by its statistics, int64 `[N]`."""
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler

    statistics = StandardScaler().fit_transform(picture_statistics(data.train.inputs))
    return np.asarray(KMeans(CLUSTERS, n_init=10, random_state=seed).fit_predict(statistics), np.int64)


def fit_and_ask(
    features: Features, labels: NDArray[np.int64], weights: NDArray[np.float32] | None, cluster_of: NDArray[np.int64]
) -> Logits:
    """Fit a logistic regression on all training pictures, and one without each cluster; return what they say."""
    whole = _fit(features.train, labels, weights)
    left_out = {}
    for cluster in range(CLUSTERS):
        outside = cluster_of != cluster
        model = _fit(features.train[outside], labels[outside], None if weights is None else weights[outside])
        left_out[cluster] = model.decision_function(features.train[~outside])
    return Logits(
        whole.decision_function(features.validation),
        {name: whole.decision_function(values) for name, values in features.shifted.items()},
        left_out,
    )


def _fit(features: NDArray[np.float32], labels: NDArray[np.int64], weights: NDArray[np.float32] | None) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY, max_iter=400))
    return model.fit(features, labels, logisticregression__sample_weight=weights)


def judge(said: Logits, data: Dataset, misleading: Misleading, cluster_of: NDArray[np.int64], title: str) -> Row:
    """Measure the areas; a cluster of one label alone has none."""
    from sklearn.metrics import roc_auc_score

    labels, truth = data.train.labels, data.validation.labels
    hard = hard_rows(misleading.validation, truth)
    shifted = {name: float(roc_auc_score(truth[::EACH], values)) for name, values in said.shifted.items()}
    worst = min(shifted, key=lambda name: shifted[name])
    inside = {cluster: labels[cluster_of == cluster] for cluster in said.clusters}
    return Row(
        title,
        float(roc_auc_score(truth, said.validation)),
        float(roc_auc_score(truth[hard], said.validation[hard])),
        (worst, shifted[worst]),
        tuple(
            float(roc_auc_score(inside[cluster], values))
            for cluster, values in said.clusters.items()
            if len(np.unique(inside[cluster])) == 2
        ),
    )


def report(rows: Sequence[Row]) -> str:
    """Return the table as Markdown."""
    lines = [*INTRODUCTION.format(shifts=len(STRONG_SHIFTS)).splitlines(), "", *HEAD]
    for row in rows:
        name, area = row.worst_shift
        figures = (f"{row.validation:.4f}", f"{row.misleading:.4f}", f"{area:.4f} ({name})")
        left_out = (f"{min(row.clusters):.4f}", f"{np.mean(row.clusters):.4f}")
        lines.append(f"| {' | '.join((row.title, *figures, *left_out))} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
