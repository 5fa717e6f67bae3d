"""Plots are small PNGs, the same bytes from the same data, and show what they are given."""

import matplotlib
import numpy as np
import pytest
from PIL import Image

from app.serving.manifest import OperatingPoint
from training.metrics import confusion, measure, roc_auc, sensitivity_specificity
from training.report.plots import plot_confusion, plot_history, plot_reliability, plot_roc, plot_shifts
from training.robustness import ShiftResult

HISTORY = {
    "accuracy": [0.6, 0.8, 0.9, 0.95],
    "val_accuracy": [0.6, 0.75, 0.85, 0.84],
    "loss": [0.7, 0.5, 0.3, 0.2],
    "val_loss": [0.7, 0.55, 0.4, 0.45],
    "learning_rate": [0.1, 0.1, 0.01, 0.01],
}


def classified(n, classes, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    logits = rng.normal(size=(n, classes)) * 1.5
    logits[np.arange(n), labels] += 4
    powers = np.exp(logits)
    return labels, (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def draw_confusion(classes, path):
    labels, probabilities = classified(800, classes)
    matrix = confusion(labels, probabilities.argmax(axis=1), classes)
    plot_confusion(matrix, tuple(f"label-{i}" for i in range(classes)), path)


def draw_roc(path):
    labels, probabilities = classified(500, 2)
    decisions = (probabilities[:, 1] >= 0.3).astype(np.int64)
    sensitivity, specificity = sensitivity_specificity(labels, decisions, resamples=100)
    point = OperatingPoint(
        positive="PNEUMONIA",
        threshold=0.3,
        chosen_by="hand",
        sensitivity=sensitivity,
        specificity=specificity,
    )
    plot_roc(labels, probabilities[:, 1], point, path)


def draw_reliability(path):
    labels, probabilities = classified(500, 3)
    plot_reliability(probabilities, labels, path)


def draw_shifts(path):
    labels, probabilities = classified(500, 2)
    plain = measure(probabilities, labels, ("cat", "dog"), split="validation", resamples=50)
    blurred = measure(probabilities**0.2, labels[::-1], ("cat", "dog"), split="validation, blur", resamples=50)
    plot_shifts(plain, tuple(ShiftResult(f"blur {n}", blurred) for n in range(9)), path)


DRAWINGS = {
    "history": lambda path: plot_history(HISTORY, path),
    "confusion of 2": lambda path: draw_confusion(2, path),
    "confusion of 10": lambda path: draw_confusion(10, path),
    "confusion of 46": lambda path: draw_confusion(46, path),
    "roc": draw_roc,
    "reliability": draw_reliability,
    "shifts": draw_shifts,
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_plot_is_a_readable_png_under_60_kb(name, tmp_path):
    path = tmp_path / "plot.png"
    DRAWINGS[name](path)
    assert path.stat().st_size < 60_000
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert min(picture.size) > 300
        assert len(picture.convert("RGB").getcolors(2**16)) > 20
        assert not picture.info.keys() & {"Software", "Creation Time", "date:create"}


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_same_data_gives_the_same_bytes_whatever_the_users_settings(name, tmp_path):
    DRAWINGS[name](tmp_path / "first.png")
    with matplotlib.rc_context({"font.size": 20, "savefig.dpi": 50, "axes.facecolor": "black"}):
        DRAWINGS[name](tmp_path / "second.png")
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()


def pixels_near(path, colour, tolerance=12):
    with Image.open(path) as picture:
        rgb = np.asarray(picture.convert("RGB"), np.int16)
    return int((np.abs(rgb - np.array(colour)).max(axis=2) <= tolerance).sum())


ORANGE = (217, 98, 45)


def test_a_confusion_shows_in_another_colour_than_what_is_right(tmp_path):
    names = ("a", "b", "c")
    plot_confusion(np.diag([9, 9, 9]), names, tmp_path / "right.png")
    plot_confusion(np.array([[9, 0, 0], [0, 9, 0], [0, 3, 6]]), names, tmp_path / "wrong.png")
    reddish = [(220, 110, 60), (226, 130, 85), (217, 98, 45), (200, 90, 40)]
    right, wrong = (
        sum(pixels_near(tmp_path / name, colour, 25) for colour in reddish) for name in ("right.png", "wrong.png")
    )
    assert right == 0
    assert wrong > 1000


def test_a_class_without_examples_is_drawn_too(tmp_path):
    plot_confusion(np.diag([5, 0, 7]), ("a", "b", "c"), tmp_path / "plot.png")
    assert (tmp_path / "plot.png").exists()


def test_the_operating_point_is_marked_only_where_there_is_one(tmp_path):
    labels, probabilities = classified(300, 2)
    plot_roc(labels, probabilities[:, 1], None, tmp_path / "without.png")
    draw_roc(tmp_path / "with.png")
    assert pixels_near(tmp_path / "without.png", ORANGE) == 0
    assert pixels_near(tmp_path / "with.png", ORANGE) > 50


def test_a_given_auc_is_quoted_in_place_of_a_computed_one(tmp_path):
    labels, probabilities = classified(300, 2)
    scores = probabilities[:, 1]
    own = roc_auc(scores, labels == 1)
    plot_roc(labels, scores, None, tmp_path / "computed.png")
    plot_roc(labels, scores, None, tmp_path / "same.png", auc=own)
    plot_roc(labels, scores, None, tmp_path / "other.png", auc=own.model_copy(update={"low": 0.5}))
    computed, same, other = ((tmp_path / f"{name}.png").read_bytes() for name in ("computed", "same", "other"))
    assert computed == same != other


def test_the_roc_curve_has_scikit_learns_area():
    from sklearn.metrics import auc

    from training.report.roc import roc_curve

    labels, probabilities = classified(400, 2)
    rounded = probabilities[:, 1].round(1)
    false_alarms, hits = roc_curve(labels == 1, rounded)
    assert (false_alarms[0], hits[0], false_alarms[-1], hits[-1]) == (0, 0, 1, 1)
    assert auc(false_alarms, hits) == pytest.approx(roc_auc(rounded, labels == 1, resamples=1).value)


def test_a_roc_curve_needs_both_classes(tmp_path):
    with pytest.raises(ValueError, match="both positive and negative"):
        plot_roc(np.ones(5, np.int64), np.linspace(0, 1, 5), None, tmp_path / "plot.png")


def test_a_history_without_validation_is_refused(tmp_path):
    with pytest.raises(ValueError, match="validated"):
        plot_history({"loss": [1.0]}, tmp_path / "plot.png")


def test_a_history_of_one_epoch_is_drawn(tmp_path):
    plot_history({"loss": [1.0], "val_loss": [0.9]}, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 1000


def test_certain_and_always_right_answers_are_drawn(tmp_path):
    plot_reliability(np.array([[1, 0], [0, 1]] * 5, np.float32), np.array([0, 1] * 5), tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 1000
