"""The comparison: every recipe is there, with its figures from the runs or with why there are none."""

import pytest

from helpers.summaries import figure, summary
from training.recipes.catalogue import all_recipes
from training.report.comparison import comparison, duration
from training.run import RunError

RECIPES = all_recipes()


def rows_of(page, task_title):
    section = page.split(f"## {task_title}\n")[1].split("\n## ")[0]
    table = section.strip().split("\n\n")[0].splitlines()
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]
    return {row[0]: dict(zip(head, row, strict=True)) for row in rows}


def test_every_recipe_is_listed_without_any_run():
    page = comparison(RECIPES, [])
    for recipe in RECIPES:
        assert f"[{recipe.name}](../training/recipes/{recipe.task}.py)" in page
    assert page.count("not trained here") == len(RECIPES)
    assert "sha256" not in page
    assert "```" not in page


def test_a_run_has_its_figures_with_their_intervals():
    page = comparison(RECIPES, [summary("pneumonia", "reference-v3")])
    row = rows_of(page, "Pneumonia")["[reference-v3](../training/recipes/pneumonia.py)"]
    assert row["examples trained on + held out"] == "4,434 + 782"
    assert row["epochs"] == "9"
    assert row["time"] == "7 min 05 s, 2 CPU cores"
    assert row["parameters"] == "123,456"
    assert row["accuracy"] == "0.9000 (0.8000 to 0.9500)"
    assert row["sensitivity"] == "0.9700 (0.9600 to 0.9800)"
    assert row["specificity"] == "0.9100 (0.9000 to 0.9200)"
    assert row["the study"] == "test 0.867 at its best epoch, 0.8205 at its last; 0.81 on 16 pictures"
    assert "quartet train pneumonia --recipe reference-v3 --data PATH --seed 0" in page


@pytest.mark.parametrize(
    ("title", "figures"),
    [
        ("News topic", ["accuracy", "macro F1", "ECE"]),
        ("Handwritten digit", ["accuracy", "ECE"]),
        ("Cat or dog", ["accuracy", "ROC AUC", "ECE"]),
        ("Pneumonia", ["accuracy", "ROC AUC", "ECE", "sensitivity", "specificity"]),
    ],
)
def test_each_task_has_the_figures_that_say_most_of_it(title, figures):
    row = next(iter(rows_of(comparison(RECIPES, []), title).values()))
    assert list(row)[5:-1] == figures


def test_the_studys_own_figures_are_beside_its_recipes():
    page = comparison(RECIPES, [])
    studied = {name: row["the study"] for name, row in rows_of(page, "Pneumonia").items()}
    assert [text for name, text in studied.items() if "reference" in name] == [
        "train 0.96, validation 0.74",
        "0.75 on 16 pictures",
        "test 0.867 at its best epoch, 0.8205 at its last; 0.81 on 16 pictures",
    ]
    for title in ("News topic", "Handwritten digit", "Cat or dog"):
        reference, *ours = (row["the study"] for row in rows_of(page, title).values())
        assert reference == "not stated"
        assert set(ours) == {"-"}


def test_the_recipe_whose_weights_are_a_download_says_so_and_that_it_was_not_trained():
    rows = rows_of(comparison(RECIPES, [summary("topic", "linear")]), "Cat or dog")
    said = rows["[reference](../training/recipes/catdog.py)"]["examples trained on + held out"]
    assert said.startswith("not trained here: VGG16's ImageNet weights are a download")
    assert "random weights only" in said


def test_what_a_reader_must_know_of_a_recipe_stays_when_it_is_trained():
    page = comparison(RECIPES, [summary("catdog", "reference")])
    assert "batch 20, 30 epochs. VGG16's ImageNet weights are a download" in page


def test_two_runs_of_a_recipe_are_told_apart_by_their_seeds():
    rows = rows_of(
        comparison(RECIPES, [summary("digit", "reference", seed=seed) for seed in (7, 3)]), "Handwritten digit"
    )
    link = "[reference](../training/recipes/digit.py)"
    assert [name for name in rows if link in name] == [f"{link}, seed 3", f"{link}, seed 7"]


def test_parts_of_validation_have_a_table_of_their_own():
    run = summary("pneumonia", "reference-v1")
    hard = run.metrics[0].model_copy(update={"split": "validation, blurred", "values": {"accuracy": figure(0.61)}})
    page = comparison(RECIPES, [run.model_copy(update={"metrics": (*run.metrics, hard)})])
    assert "| reference-v1 | blurred | 782 | 0.6100 (0.6000 to 0.6200) | - | - |" in page


def test_a_run_of_a_recipe_that_is_no_more_is_an_error():
    with pytest.raises(RunError, match="digit/forgotten"):
        comparison(RECIPES, [summary("digit", "forgotten")])


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (59.6, "1 min 00 s"), (425, "7 min 05 s"), (3599.7, "1 h 00 min"), (4830, "1 h 20 min")],
)
def test_times_are_said_as_people_say_them(seconds, said):
    assert duration(seconds) == said
