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
from training.shortcuts import balancing_weights, find_misleading, hard_rows, picture_statistics

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
FLOORS = (None, 0.1, 0.05, 0.02)
"""Floors of the weights for misleading examples; None weighs all alike."""


@dataclass(frozen=True)
class Features:
    """Features `[N, D]` of the training pictures, of validation, and of validation under each strong shift."""

    train: NDArray[np.float32]
    validation: NDArray[np.float32]
    shifted: dict[str, NDArray[np.float32]]


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
    text = report(list(_rows(options.data, options.seed)))
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    else:
        print(text)


def _rows(path: Path, seed: int) -> Iterator[Row]:
    by_backbone = []
    for backbone in BACKBONES:
        spec = ImageSpec(mode="L", height=backbone.picture, width=backbone.picture)
        data = load_dataset("pneumonia", path, spec, seed=seed)
        by_backbone.append((backbone.title, data, _features(backbone, spec, data)))
    for title, data, features in by_backbone:
        for floor in FLOORS:
            yield measure([features], data, floor, f"{title}, {_weighting(floor)}", seed)
    pair = [features for _, _, features in by_backbone[:2]]
    for floor in FLOORS:
        yield measure(pair, by_backbone[0][1], floor, f"Lite0, 224 and 112 pixels, {_weighting(floor)}", seed)


def _weighting(floor: float | None) -> str:
    return "all weigh alike" if floor is None else f"misleading weigh more, floor {floor}"


def _features(backbone: Backbone, spec: ImageSpec, data: Dataset) -> Features:
    network = lite_network(backbone.variant, spec, backbone.size)
    validation = data.validation.inputs
    return Features(
        features_of(network, data.train.inputs),
        features_of(network, validation),
        {shift.name: features_of(network, shift(validation)) for shift in STRONG_SHIFTS},
    )


def measure(members: Sequence[Features], data: Dataset, floor: float | None, title: str, seed: int) -> Row:
    """Fit one logistic regression a member, add their logits, and measure the sum.

    The clusters are k-means clusters of the training pictures' statistics. Each is left out of training in turn and
    then measured, where it holds both labels.
    """
    from sklearn.metrics import roc_auc_score

    labels, truth = data.train.labels, data.validation.labels
    misleading = find_misleading(data)
    weights = None if floor is None else balancing_weights(misleading.train, labels, floor)
    models = [_fit(member.train, labels, weights) for member in members]

    def area(parts: Sequence[NDArray[np.float32]], rows: NDArray[np.int64] | slice = slice(None)) -> float:
        logits = sum(model.decision_function(part) for model, part in zip(models, parts, strict=True))
        return float(roc_auc_score(truth[rows], np.asarray(logits)[rows]))

    validation = [member.validation for member in members]
    shifted = {name: area([member.shifted[name] for member in members]) for name in members[0].shifted}
    worst = min(shifted, key=lambda name: shifted[name])
    return Row(
        title,
        area(validation),
        area(validation, hard_rows(misleading.validation, truth)),
        (worst, shifted[worst]),
        tuple(_left_out(members, data, weights, seed)),
    )


def _fit(features: NDArray[np.float32], labels: NDArray[np.int64], weights: NDArray[np.float32] | None) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY, max_iter=400))
    return model.fit(features, labels, logisticregression__sample_weight=weights)


def _left_out(
    members: Sequence[Features], data: Dataset, weights: NDArray[np.float32] | None, seed: int
) -> Iterator[float]:
    from sklearn.cluster import KMeans
    from sklearn.metrics import roc_auc_score
    from sklearn.preprocessing import StandardScaler

    labels = data.train.labels
    statistics = StandardScaler().fit_transform(picture_statistics(data.train.inputs))
    cluster_of = KMeans(CLUSTERS, n_init=10, random_state=seed).fit_predict(statistics)
    for cluster in range(CLUSTERS):
        inside, outside = np.flatnonzero(cluster_of == cluster), np.flatnonzero(cluster_of != cluster)
        if len(np.unique(labels[inside])) < 2:
            continue
        kept = None if weights is None else weights[outside]
        logits = sum(
            _fit(member.train[outside], labels[outside], kept).decision_function(member.train[inside])
            for member in members
        )
        yield float(roc_auc_score(labels[inside], np.asarray(logits)))


def report(rows: Sequence[Row]) -> str:
    """Return the table as Markdown."""
    lines = [
        "# Which features hold up under shift",
        "",
        "Logistic regressions on frozen ImageNet features of the chest X-rays, by area under the ROC curve: on other",
        "patients; on those of them whose picture statistics mislead (`training/shortcuts.py`); under the worst of the",
        f"{len(STRONG_SHIFTS)} strong shifts (`training/shifts.py`); and on clusters of picture statistics that were",
        "left out of training, the worst and the mean of them. Several sizes add their logits.",
        "",
        "`python -m benchmarks.frozen_features --data PATH --out docs/shift-study.md` measured it.",
        "",
        "| features | other patients | misleading | worst strong shift | worst cluster | mean of clusters |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        name, area = row.worst_shift
        figures = (f"{row.validation:.4f}", f"{row.misleading:.4f}", f"{area:.4f} ({name})")
        clusters = (f"{min(row.clusters):.4f}", f"{np.mean(row.clusters):.4f}")
        lines.append(f"| {' | '.join((row.title, *figures, *clusters))} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
