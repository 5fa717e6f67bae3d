"""The page from made-up answers."""

import numpy as np
import pytest
from PIL import Image

from app.serving.artifact import open_artifact
from benchmarks.asking import Answers
from benchmarks.ood.page import HEAD, page
from benchmarks.ood.plot import plot_scores
from benchmarks.ood.results import ModelResult, SetResult
from helpers.tiny_models import OOD_THRESHOLD, write_model


def answers(scores, refused=0):
    values = np.array(scores, np.float64)
    return Answers(values, values > OOD_THRESHOLD, refused)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    artifact = open_artifact(write_model(tmp_path_factory.mktemp("models"), "digit", 1))
    sets = (
        SetResult("validation, as it is", "own", answers([0.5] * 9 + [3.0])),
        SetResult("redrawn", "changed", answers([0.5] * 8 + [3.0], refused=1)),
        SetResult("letters", "stranger", answers([2.5, 3.0, 3.5, 1.0])),
        SetResult("blank sheets", "stranger", answers([1.0, 4.0], refused=6)),
        SetResult("black pictures", "stranger", answers([], refused=5)),
    )
    return ModelResult("Handwritten digit", artifact.manifest, "ab" * 32, sets, ("Something is missing.",))


@pytest.fixture(scope="module")
def rows(result):
    text = page([result], ["Cat or dog, no model"], "plot.png", "python -m x", (14, 8))
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    start = lines.index("| " + " | ".join(HEAD) + " |")
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start + 2 : start + 7]]
    return {row[0]: dict(zip(HEAD[1:], row[1:], strict=True)) for row in cells}


def test_the_own_kind_is_judged_by_what_was_accepted(rows):
    row = rows["validation, as it is"]
    assert (row["inputs"], row["should be"], row["share that was"]) == ("10", "accepted", "0.900")
    assert row["95 % interval"] == "0.596 to 0.982"


def test_a_refused_input_of_the_own_kind_is_not_accepted(rows):
    assert rows["redrawn"]["share that was"] == "0.800"
    assert rows["redrawn"]["refused"] == "1"


def test_strangers_are_judged_by_what_was_flagged(rows):
    assert (rows["letters"]["should be"], rows["letters"]["share that was"]) == ("flagged", "0.750")
    assert rows["letters"]["50 %"] == "2.75"


def test_a_refused_stranger_counts_as_flagged_and_is_counted_by_itself(rows):
    row = rows["blank sheets"]
    assert (row["inputs"], row["share that was"], row["refused"]) == ("8", "0.875", "6")


def test_a_set_without_a_score_has_no_quantiles(rows):
    assert (rows["black pictures"]["share that was"], rows["black pictures"]["50 %"]) == ("1.000", "-")


def test_the_page_says_what_it_rests_on(result):
    text = page([result], ["Cat or dog, no model"], "plot.png", "python -m x", (14, 8))
    assert "Not measured: Cat or dog, no model" in text
    assert "Something is missing." in text
    assert "Version 1 (`tiny`, sha256 `abababababab`). Score: roughness. Threshold: 2 (drawn)." in text
    assert "Lowest shares: accepted 0.800 (redrawn), flagged 0.750 (letters)." in text
    assert "14 photographs" in text
    assert "(8\nof them in colour)" in text or "(8 of them in colour)" in text
    assert "](plot.png)" in text


def test_the_plot_marks_each_set_in_its_colour_beside_the_threshold(result, tmp_path):
    plot_scores([result], tmp_path / "one.png")
    plot_scores([result, result, result], tmp_path / "three.png")
    one, three = (Image.open(tmp_path / name).convert("RGB") for name in ("one.png", "three.png"))
    colours = {colour for _, colour in one.getcolors(one.width * one.height)}
    assert {(0x1F, 0x6F, 0xB4), (0xD9, 0x62, 0x2B)} <= colours
    assert three.width > 1.8 * one.width
    assert three.height > 1.5 * one.height
