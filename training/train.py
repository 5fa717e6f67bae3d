"""One training run from data to calibrated figures: fit, calibrate, measure."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from app.inputs.spec import ImageSpec
from app.serving.manifest import OodRule, OperatingPoint, SplitMetrics
from training.calibrate import as_answered, fit_bias, fit_temperature, rounded_up, threshold_for_sensitivity
from training.datasets.base import Dataset
from training.metrics import measure, sensitivity_specificity
from training.network import OffsetNetwork
from training.ood import threshold_accepting_each
from training.recipes.base import Fitted, OperatingTarget, Options, Recipe
from training.report.worst import Answers, write_worst
from training.robustness import ShiftResult, measure_shifts, worst_of
from training.run import HISTORY_FILE, Run
from training.scoring import Scored, Scorer
from training.shifts import MILD_SHIFTS, STRONG_SHIFTS

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
    shifts: tuple[ShiftResult, ...]


def train(recipe: Recipe, data: Dataset, options: Options, run: Run) -> Calibrated:
    """Fit a recipe and calibrate it on validation.

    Writes `history.json` and the worst errors into the run folder.
    """
    keras.utils.set_random_seed(options.seed)
    fitted = recipe.fit(data, options, run)
    run.write(HISTORY_FILE, fitted.histories)
    calibrated = calibrate(fitted, data, recipe, options.seed)
    decisions = decisions_of(calibrated.probabilities, data.labels, calibrated.operating_point)
    answers = Answers(calibrated.probabilities, decisions, calibrated.temperature)
    write_worst(run.folder, recipe, data, calibrated.fitted.network, answers)
    return calibrated


def calibrate(fitted: Fitted, data: Dataset, recipe: Recipe, seed: int) -> Calibrated:
    """Calibrate the logits, choose the thresholds and measure, all on `data.validation`.

    Pictures are scored under shifts too: what is accepted as in distribution is chosen with the mild ones, and all of
    them are measured.
    """
    scorer = Scorer(fitted)
    scored = scorer(data.validation.inputs)
    # A digit's ink is normalised, and a text has no such thing.
    shifts = (*MILD_SHIFTS, *STRONG_SHIFTS) if isinstance(recipe.spec, ImageSpec) else ()
    shifted = scorer.shifted(data.validation.inputs, shifts)
    fitted, offset, temperature = _calibrate_logits(fitted, scored, data.validation.labels)

    def probabilities_of(one: Scored) -> NDArray[np.float32]:
        return np.asarray(tf.nn.softmax((one.logits + offset) / temperature))

    probabilities = probabilities_of(scored)
    target = recipe.operating_target
    point = _operating_point(probabilities, data, target, seed) if target else None

    def answer(one: Scored) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        return probabilities_of(one), decisions_of(probabilities_of(one), data.labels, point)

    results = measure_shifts(shifted, answer, data, seed)
    metrics = _measured(probabilities, answer(scored)[1], data, fitted.validation_parts, seed)
    return Calibrated(
        fitted,
        temperature,
        probabilities,
        point,
        _ood_rule(fitted, scored, [shifted[shift.name] for shift in MILD_SHIFTS if shifted]),
        (*metrics, *([worst_of(results).metrics] if results else [])),
        results,
    )


def _calibrate_logits(
    fitted: Fitted, scored: Scored, labels: NDArray[np.int64]
) -> tuple[Fitted, NDArray[np.float32], float]:
    """Return the recipe with its logit offset, what was added to the logits `[K]`, and the temperature."""
    network = fitted.network
    if not isinstance(network, OffsetNetwork) or scored.logits.shape[1] != 2:
        return fitted, np.zeros(scored.logits.shape[1], np.float32), fit_temperature(scored.logits, labels)
    temperature, bias = fit_bias(scored.logits, labels)
    offset = np.array([0.0, bias * temperature], np.float32)
    return replace(fitted, network=network.with_offset(offset[1])), offset, temperature


def _ood_rule(fitted: Fitted, scored: Scored, shifted: Sequence[Scored]) -> OodRule:
    threshold = threshold_accepting_each([one.ood_scores for one in (scored, *shifted)], ACCEPTED_SHARE)
    under = f", and under each of {len(shifted)} mild shifts," if shifted else ""
    return OodRule(
        method=fitted.scorer.method,
        threshold=rounded_up(threshold),
        chosen_by=f"at least {ACCEPTED_SHARE:.0%} of validation{under} accepted",
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
    labels, scores = data.validation.labels, as_answered(probabilities[:, positive])
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
    """Return the classes answered, int64 `[N]`: the most probable ones, or what the operating point says.

    As in the service, it is the rounded probability that meets the threshold.
    """
    if point is None:
        return probabilities.argmax(1)
    positive = labels.index(point.positive)
    return np.where(as_answered(probabilities[:, positive]) >= point.threshold, positive, 1 - positive)


def library_versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that a run's figures depend on."""
    return {"python": platform.python_version()} | {name: import_module(name).__version__ for name in LIBRARIES}
