"""`quartet train` and what it leaves in the run folder: enough to repeat the run, to go on with it and to judge it."""

import json
import shlex
import subprocess
import sys

import pytest
import tensorflow as tf
from PIL import Image

from app.cli import main
from app.exit_status import ExitStatus
from app.serving.artifact import open_artifact
from helpers.drawn_data import draw_chest_xrays, draw_digits, write_news
from training.recipes.base import settings_of
from training.recipes.catalogue import all_recipes, find_recipe
from training.stopwatch import read_parts
from training.summary import read_summary


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    return {"topic": write_news(root), "digit": draw_digits(root), "pneumonia": draw_chest_xrays(root, 4)}


@pytest.fixture(scope="module")
def digit_run(sources, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "digit"
    assert train(sources, "digit", "reference", folder, "--epochs", "2", "--seed", "5") == 0
    return folder


@pytest.fixture(scope="module")
def released(sources, tmp_path_factory):
    """A run of which the model was released."""
    root = tmp_path_factory.mktemp("released")
    assert train(sources, "topic", "linear", root / "run", "--out", str(root / "models")) == 0
    return root


def train(sources, task, recipe, folder, *more):
    words = ["train", task, "--recipe", recipe, "--data", str(sources[task]), "--run", str(folder), "--quiet"]
    return main([*words, "--validation-fraction", "0.25", *more])


def read(folder, name):
    return json.loads((folder / name).read_text())


def test_the_summary_says_what_was_run_and_what_came_of_it(digit_run):
    summary = read_summary(digit_run)
    assert (summary.task, summary.recipe, summary.seed) == ("digit", "reference", 5)
    assert summary.summary == find_recipe("digit", "reference").summary
    assert (summary.dataset.name, summary.dataset.train, summary.dataset.validation) == ("mnist", 90, 30)
    assert summary.epochs == {"network": 2}
    assert summary.parameters > 90_000
    assert {"accuracy", "macro_f1", "ece", "recall/7"} <= set(summary.metrics[0].values)
    assert summary.device.endswith(("CPU core", "CPU cores")) or tf.config.list_physical_devices("GPU")
    assert summary.libraries["tensorflow"] == tf.__version__
    (part,) = summary.parts
    assert summary.seconds == part.seconds > 0
    assert part.libraries == summary.libraries


def test_the_command_in_the_summary_repeats_the_run(digit_run, sources, tmp_path):
    """The same command and seed on the same processor give the same figures.

    To four digits, which is far within their intervals: threads may add floats in another order.
    """
    first = read_summary(digit_run)
    words = shlex.split(first.command)[1:]
    words[words.index("PATH")] = str(sources["digit"])
    assert main([*words, "--run", str(tmp_path / "again"), "--quiet"]) == 0
    second = read_summary(tmp_path / "again")
    assert second.dataset == first.dataset
    assert second.metrics[0].values.keys() == first.metrics[0].values.keys()
    for name, figure in first.metrics[0].values.items():
        assert second.metrics[0].values[name].model_dump() == pytest.approx(figure.model_dump(), abs=1e-4), name
    again = read(tmp_path / "again", "history.json")["network"]
    for name, series in read(digit_run, "history.json")["network"].items():
        assert again[name] == pytest.approx(series, rel=1e-4), name


def test_another_seed_gives_other_figures(digit_run, sources, tmp_path):
    assert train(sources, "digit", "reference", tmp_path / "other", "--epochs", "2", "--seed", "6") == 0
    assert read(tmp_path / "other", "history.json") != read(digit_run, "history.json")


def test_the_configuration_has_every_setting_of_the_recipe_and_of_the_command(digit_run, sources):
    assert read(digit_run, "config.json") == {
        "task": "digit",
        "recipe": {
            "task": "digit",
            "name": "reference",
            "spec": {"kind": "digit", "height": 28, "width": 28},
            "operating_target": None,
            "epochs": 5,
            "batch_size": 64,
        },
        "data": str(sources["digit"]),
        "seed": 5,
        "epochs": 2,
        "limit": None,
        "validation_fraction": 0.25,
        "weights": None,
    }


@pytest.mark.parametrize("recipe", all_recipes(), ids=lambda recipe: f"{recipe.task}/{recipe.name}")
def test_the_settings_of_a_recipe_are_all_of_its_fields(recipe):
    settings = settings_of(recipe)
    assert json.loads(json.dumps(settings)) == settings
    said_about_it = {"summary", "reported", "note"}
    assert settings.keys() == set(vars(recipe)) - said_about_it


def test_nested_settings_are_settings_too():
    recipe = find_recipe("pneumonia", "reference-v1")
    assert settings_of(recipe)["augmentation"]["shear"] == recipe.augmentation.shear
    assert settings_of(recipe)["operating_target"] == {"positive": "PNEUMONIA", "sensitivity": None}


def test_a_resumed_run_adds_up_its_parts_and_ends_as_an_unbroken_one(digit_run, sources, tmp_path):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("training.train.calibrate", _fail)
        assert train(sources, "digit", "reference", tmp_path / "run", "--epochs", "2", "--seed", "5") == 130
    assert not (tmp_path / "run" / "summary.json").exists()
    (before,) = read_parts(tmp_path / "run")
    assert train(sources, "digit", "reference", tmp_path / "run", "--epochs", "2", "--seed", "5", "--resume") == 0
    summary, unbroken = read_summary(tmp_path / "run"), read_summary(digit_run)
    assert summary.parts[0] == before
    assert len(summary.parts) == 2
    assert summary.seconds == pytest.approx(sum(part.seconds for part in summary.parts), abs=0.1)
    assert summary.epochs == unbroken.epochs
    accuracy = [one.metrics[0].values["accuracy"].value for one in (summary, unbroken)]
    assert accuracy[0] == pytest.approx(accuracy[1], abs=1e-4)


def _fail(*_):
    raise KeyboardInterrupt


def test_a_run_that_has_ended_takes_no_longer_when_it_is_resumed(released, sources):
    before, parts = read_summary(released / "run"), read_parts(released / "run")
    assert train(sources, "topic", "linear", released / "run", "--resume") == 0
    after = read_summary(released / "run")
    assert read_parts(released / "run") == parts
    assert (after.parts, after.seconds) == (before.parts, round(sum(part.seconds for part in parts), 1))
    assert after.metrics == before.metrics
    assert "--export" in before.command
    assert "--export" not in after.command


def test_an_unknown_recipe_is_told_with_those_there_are(sources, tmp_path, capsys):
    assert train(sources, "digit", "nonsense", tmp_path / "run") == 2
    assert "quartet train: no recipe 'nonsense' for digit: it has reference, conv" in capsys.readouterr().err


def test_a_trial_on_too_few_pictures_says_how_many_are_needed(sources, tmp_path, capsys):
    assert train(sources, "pneumonia", "lite0-pair", tmp_path / "run", "--limit", "4") == 2
    said = capsys.readouterr().err
    assert "quartet train: NORMAL has 1 group to train on (patient or study, and exact copies)" in said
    assert "two are needed" in said


def test_a_defect_in_a_run_is_told_with_its_trace(sources, tmp_path, monkeypatch, capsys):
    def defect(*_):
        raise KeyError("val_auc")

    monkeypatch.setattr("training.train.train", defect)
    assert train(sources, "topic", "linear", tmp_path / "run") == ExitStatus.DEFECT
    assert "Traceback" in capsys.readouterr().err


def test_worst_errors_lie_in_the_run_folder_and_not_in_the_model_folder(released, digit_run):
    texts = (released / "run" / "worst-errors.md").read_text()
    assert texts.startswith("# Worst errors of topic/linear on validation")
    Image.open(digit_run / "worst-errors.png").verify()
    assert (released / "models" / "topic" / "1").is_dir()
    assert not list((released / "models").rglob("*worst*"))


def test_the_manifest_and_the_summary_agree(released):
    manifest, summary = open_artifact(released / "models" / "topic" / "1").manifest, read_summary(released / "run")
    for name in ("metrics", "operating_point", "ood", "dataset", "parameters", "temperature", "libraries"):
        assert getattr(manifest, name) == getattr(summary, name), name


def test_a_gpu_that_is_not_there_ends_the_command_before_the_run_starts(sources, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    assert train(sources, "digit", "reference", tmp_path / "run", "--device", "gpu") == 2
    assert "no GPU" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_device_that_was_chosen_is_part_of_the_command(sources, tmp_path):
    assert train(sources, "topic", "linear", tmp_path / "run", "--device", "cpu") == 0
    assert "--device cpu" in read_summary(tmp_path / "run").command
    assert "device" not in read(tmp_path / "run", "config.json")


def test_importing_what_the_command_needs_touches_no_device():
    program = """
import training.train, training.release, training.recipes.catalogue
from tensorflow.python.eager import context
assert context.context()._context_handle is None
"""
    subprocess.run([sys.executable, "-c", program], check=True)
