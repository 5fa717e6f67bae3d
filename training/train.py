"""One training run from data to calibrated figures: fit, calibrate, measure."""

import platform
from dataclasses import dataclass
from importlib import import_module

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from app.serving.manifest import OodRule, OperatingPoint, SplitMetrics
from training.calibrate import fit_temperature, threshold_for_sensitivity
from training.datasets.base import Dataset
from training.metrics import measure, sensitivity_specificity
from training.ood import acceptance_threshold
from training.recipes.base import Fitted, OperatingTarget, Options, Recipe
from training.recipes.keras_fit import in_batches
from training.run import Run

ACCEPTED_SHARE = 0.99
LIBRARIES = ("tensorflow", "keras", "numpy", "PIL", "sklearn")


@dataclass(frozen=True)
class Calibrated:
    """A fitted recipe with everything that validation decides."""

    fitted: Fitted
    temperature: float
    probabilities: NDArray[np.float32]
    operating_point: OperatingPoint | None
    ood: OodRule
    metrics: tuple[SplitMetrics, ...]


def train(recipe: Recipe, data: Dataset, options: Options, run: Run) -> Calibrated:
    """Fit a recipe and calibrate it on validation.

    Writes `environment.json`, `history.json` and `metrics.json` into the run folder.
    """
    keras.utils.set_random_seed(options.seed)
    run.write("environment.json", library_versions())
    fitted = recipe.fit(data, options, run)
    run.write("history.json", fitted.histories)
    calibrated = calibrate(fitted, data, recipe.operating_target, options.seed)
    run.write("metrics.json", [part.model_dump() for part in calibrated.metrics])
    return calibrated


def calibrate(fitted: Fitted, data: Dataset, target: OperatingTarget | None, seed: int) -> Calibrated:
    """Fit the temperature, choose the thresholds and measure, all on `data.validation`."""
    inputs, labels = data.validation.inputs, data.validation.labels
    logits = in_batches(lambda batch: fitted.network(batch).logits, inputs)
    scores = in_batches(lambda batch: fitted.scorer(batch, fitted.network(batch).features), inputs)
    temperature = fit_temperature(logits, labels)
    probabilities = np.asarray(tf.nn.softmax(logits / temperature))
    point = _operating_point(probabilities, data, target, seed) if target else None
    decisions = decisions_of(probabilities, data.labels, point)
    return Calibrated(
        fitted,
        temperature,
        probabilities,
        point,
        OodRule(
            method=fitted.scorer.method,
            threshold=acceptance_threshold(scores, ACCEPTED_SHARE),
            chosen_by=f"{ACCEPTED_SHARE:.0%} of validation accepted",
        ),
        _measured(probabilities, decisions, data, fitted.validation_parts, seed),
    )


def _measured(
    probabilities: NDArray[np.float32],
    decisions: NDArray[np.int64],
    data: Dataset,
    parts: dict[str, NDArray[np.int64]],
    seed: int,
) -> tuple[SplitMetrics, ...]:
    """Measure validation as a whole, then each of its parts."""
    groups = np.array(data.validation.groups)

    def of(rows: NDArray[np.int64], name: str) -> SplitMetrics:
        return measure(
            probabilities[rows],
            data.validation.labels[rows],
            data.labels,
            split=name,
            seed=seed,
            decisions=decisions[rows],
            groups=groups[rows],
        )

    whole = of(np.arange(len(groups)), "validation")
    return (whole, *(of(rows, f"validation, {name}") for name, rows in parts.items()))


def _operating_point(
    probabilities: NDArray[np.float32], data: Dataset, target: OperatingTarget, seed: int
) -> OperatingPoint:
    positive = data.labels.index(target.positive)
    labels, scores = data.validation.labels, probabilities[:, positive]
    if target.sensitivity is None:
        threshold, chosen_by = 0.5, "one half, whatever it gives"
    else:
        threshold = threshold_for_sensitivity(scores, labels == positive, target.sensitivity)
        chosen_by = f"highest threshold with a sensitivity of at least {target.sensitivity:.1%} on validation"
    decisions = np.where(scores >= threshold, positive, 1 - positive)
    sensitivity, specificity = sensitivity_specificity(
        labels, decisions, positive=positive, seed=seed, groups=np.array(data.validation.groups)
    )
    return OperatingPoint(
        positive=target.positive,
        threshold=threshold,
        chosen_by=chosen_by,
        sensitivity=sensitivity,
        specificity=specificity,
    )


def decisions_of(
    probabilities: NDArray[np.float32], labels: tuple[str, ...], point: OperatingPoint | None
) -> NDArray[np.int64]:
    """Return the classes answered, int64 `[N]`: the most probable ones, or what the operating point says."""
    if point is None:
        return probabilities.argmax(1)
    positive = labels.index(point.positive)
    return np.where(probabilities[:, positive] >= point.threshold, positive, 1 - positive)


def library_versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that a run's figures depend on."""
    return {"python": platform.python_version()} | {name: import_module(name).__version__ for name in LIBRARIES}
