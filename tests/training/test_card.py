"""The card says what the manifest says, and the honest part that no manifest knows."""

import re
from datetime import UTC, datetime

import pytest

from app.inputs.spec import DigitSpec, ImageSpec, TextSpec
from app.serving.manifest import DatasetInfo, Estimate, Manifest, OodRule, OperatingPoint, SplitMetrics
from app.tasks import TASKS
from training.card import write_card
from training.recipes.catalogue import training_of


def manifest(**changes):
    figures = {
        "accuracy": Estimate(value=0.951, low=0.93, high=0.97),
        "auc": Estimate(value=0.987, low=0.98, high=0.994),
        "recall/NORMAL": Estimate(value=0.9, low=0.85, high=0.94),
        "recall/PNEUMONIA": Estimate(value=0.97, low=0.95, high=0.98),
        "precision/PNEUMONIA": Estimate(value=0.96, low=0.94, high=0.975),
    }
    whole = Manifest(
        task="pneumonia",
        version=3,
        created=datetime(2025, 1, 2, tzinfo=UTC),
        recipe="pneumonia/lite0",
        seed=7,
        command="quartet train pneumonia --recipe lite0 --data PATH --export --seed 7",
        libraries={"tensorflow": "2.20.0", "keras": "3.12.0"},
        parameters=3_413_024,
        labels=("NORMAL", "PNEUMONIA"),
        input=ImageSpec(mode="L", height=192, width=224),
        temperature=1.234,
        operating_point=OperatingPoint(
            positive="PNEUMONIA",
            threshold=0.4321,
            chosen_by="sensitivity of at least 97 %",
            sensitivity=Estimate(value=0.97, low=0.95, high=0.98),
            specificity=Estimate(value=0.9, low=0.85, high=0.94),
        ),
        ood=OodRule(method="a distance", threshold=12.5, chosen_by="99 % of validation accepted"),
        dataset=DatasetInfo(
            name="chest_xray",
            digest="ab" * 32,
            train=4_434,
            validation=782,
            validation_fraction=0.15,
            grouped_by="patient or study",
            skipped=2,
        ),
        metrics=(SplitMetrics(split="validation", examples=782, values=figures),),
        files={},
    )
    return whole.model_copy(update=changes)


def card(tmp_path, described, **options):
    write_card(tmp_path / "MODEL_CARD.md", described, training_of(described.task).card, **options)
    return (tmp_path / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_the_card_has_the_sections_of_mitchell_et_al_in_order(tmp_path):
    assert re.findall(r"^## (.*)$", card(tmp_path, manifest()), re.MULTILINE) == [
        "Model details",
        "Intended use",
        "Factors",
        "Metrics",
        "Training and evaluation data",
        "Quantitative analyses",
        "Ethical considerations",
        "Caveats and recommendations",
    ]


@pytest.mark.parametrize(
    "said",
    [
        "# Pneumonia, version 3",
        "`pneumonia/lite0`: a fine network",
        "2025-01-02, seed 7",
        "`quartet train pneumonia --recipe lite0 --data PATH --export --seed 7`",
        "keras 3.12.0, tensorflow 2.20.0",
        "3,413,024",
        "a greyscale picture, resized to 224 x 192 (bilinear)",
        "temperature 1.234",
        "PNEUMONIA from a probability of 0.4321 up",
        "sensitivity of at least 97 %",
        "specificity of 0.900 (0.850 to 0.940)",
        "`ood_score` is above 12.5",
        "99 % of validation accepted",
        "4,434 examples",
        "782 examples, about 15% of each label",
        "patient or study",
        "ab" * 32,
        "| accuracy | 0.9510 | 0.9300 to 0.9700 |",
        "| ROC AUC | 0.9870 | 0.9800 to 0.9940 |",
        "| PNEUMONIA | 0.960 (0.940 to 0.975) | 0.970 (0.950 to 0.980) |",
        "| NORMAL | undefined | 0.900 (0.850 to 0.940) |",
    ],
)
def test_the_card_says(said, tmp_path):
    assert said in card(tmp_path, manifest(), recipe_summary="a fine network")


def test_each_split_has_its_own_tables(tmp_path):
    splits = tuple(
        SplitMetrics(split=name, examples=10, values={"accuracy": Estimate(value=0.5, low=0.4, high=0.6)})
        for name in ("train", "validation")
    )
    text = card(tmp_path, manifest(metrics=splits))
    assert text.index("### Train: 10 examples") < text.index("### Validation: 10 examples")


def test_plots_are_shown_in_their_order_with_a_title(tmp_path):
    plots = ("plots/history-head.png", "plots/roc.png")
    shown = re.findall(r"!\[(.+)\]\((.+)\)", card(tmp_path, manifest(), plots=plots))
    assert shown == [("How training went", "plots/history-head.png"), ("ROC curve", "plots/roc.png")]


def test_a_model_without_operating_point_answers_with_the_most_probable_label(tmp_path):
    assert "The answer is the most probable label." in card(tmp_path, manifest(operating_point=None))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (TextSpec(), "a text, UTF-8"),
        (DigitSpec(), "a picture of one digit, brought to MNIST's form"),
        (
            ImageSpec(mode="RGB", height=180, width=180, resize="bicubic"),
            "an RGB picture, resized to 180 x 180 (bicubic)",
        ),
    ],
)
def test_the_input_is_described(spec, said, tmp_path):
    assert f"| input | {said}" in card(tmp_path, manifest(input=spec))


def test_every_table_row_has_as_many_cells_as_its_head(tmp_path):
    blocks = re.findall(r"(?:^\|.*\|$\n?)+", card(tmp_path, manifest()), re.MULTILINE)
    assert len(blocks) == 4
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1


def test_every_task_has_a_text():
    assert all(training_of(task.name).card.intended_use for task in TASKS)


@pytest.mark.parametrize(
    ("task", "facts"),
    [
        (
            "pneumonia",
            [
                "not a medical device",
                "doi:10.17632/rscbjbr9sj",
                "Attribution 4.0",
                "Guangzhou",
                "one to five",
            ],
        ),
        ("catdog", ["Asirra", "Microsoft", "Petfinder"]),
        ("digit", ["MNIST", "Share Alike 3.0"]),
        ("topic", ["Reuters-21578", "research"]),
    ],
)
def test_a_task_names_its_data_and_licence(task, facts, tmp_path):
    text = card(tmp_path, manifest(task=task))
    assert not [fact for fact in facts if fact not in text]
    assert "./" not in text
    assert "/work" not in text
