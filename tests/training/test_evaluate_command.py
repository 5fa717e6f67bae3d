"""`quartet evaluate`: what it prints, which examples it measures on, and what it refuses."""

import argparse
import json

import pytest
from PIL import Image

from helpers.brightness import export_brightness
from training.datasets.catalogue import find_source
from training.datasets.contents import dataset_digest
from training.evaluate_command import add_evaluate


@pytest.fixture
def pictures(tmp_path):
    """24 grey pictures: cats dark, dogs bright."""
    for label, levels in (("cat", range(10, 82, 6)), ("dog", range(160, 232, 6))):
        folder = tmp_path / "pictures" / "train" / label
        folder.mkdir(parents=True)
        for number, level in enumerate(levels):
            Image.new("L", (20, 20), level).save(folder / f"{label}.{number}.png")
    return tmp_path / "pictures"


def quartet(*arguments):
    parser = argparse.ArgumentParser()
    add_evaluate(parser.add_subparsers())
    options = parser.parse_args(["evaluate", *map(str, arguments), "--quiet"])
    return options.func(options)


def test_the_command_prints_tables(tmp_path, pictures, capsys):
    export_brightness(tmp_path / "models")
    assert quartet("catdog", "--data", pictures, "--models", tmp_path / "models") == 0
    out, err = capsys.readouterr()
    assert "Cat or dog, version 1 (catdog/brightness), on all: 24 examples." in out
    assert "ROC AUC" in out
    assert err == ""


def test_the_command_prints_json(tmp_path, pictures, capsys):
    export_brightness(tmp_path / "models")
    assert quartet("catdog", "--data", pictures, "--models", tmp_path / "models", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["confusion"] == [[12, 0], [0, 12]]


def test_the_newest_version_is_measured_unless_another_is_named(tmp_path, pictures, capsys):
    for version in (2, 10):
        export_brightness(tmp_path / "models", version=version)
    common = ("catdog", "--data", pictures, "--models", tmp_path / "models", "--json")
    assert quartet(*common) == quartet(*common, "--version", 2) == 0
    documents = capsys.readouterr().out.replace("}\n{", "}\0{").split("\0")
    assert [json.loads(document)["version"] for document in documents] == [10, 2]


def test_validation_is_the_split_that_the_manifest_names(tmp_path, pictures, capsys):
    from training.datasets.splitting import split_groups

    source = find_source("catdog", pictures)
    export_brightness(tmp_path / "models", digest=dataset_digest(source.examples))
    common = ("catdog", "--data", pictures, "--models", tmp_path / "models", "--json")
    assert quartet(*common, "--split", "validation") == quartet(*common, "--split", "train") == 0
    documents = capsys.readouterr().out.replace("}\n{", "}\0{").split("\0")
    train, validation = split_groups(source, 0.25, 3)
    assert [json.loads(document)["examples"] for document in documents] == [len(validation), len(train)]


def test_measuring_on_the_training_data_is_said(tmp_path, pictures, capsys):
    export_brightness(tmp_path / "models", digest=dataset_digest(find_source("catdog", pictures).examples))
    assert quartet("catdog", "--data", pictures, "--models", tmp_path / "models") == 0
    assert "18 of these examples are the ones that the model was trained on" in capsys.readouterr().err


def test_the_validation_split_of_other_data_is_refused(tmp_path, pictures, capsys):
    export_brightness(tmp_path / "models")
    assert quartet("catdog", "--data", pictures, "--models", tmp_path / "models", "--split", "validation") == 2
    assert "another digest" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_named_and_left_out(tmp_path, pictures, capsys):
    (pictures / "train" / "cat" / "cat.99.png").write_bytes(b"no picture")
    export_brightness(tmp_path / "models")
    assert quartet("catdog", "--data", pictures, "--models", tmp_path / "models") == 0
    out, err = capsys.readouterr()
    assert "skipped cat/cat.99.png: " in err.replace("train/", "")
    assert "24 examples" in out


def test_a_limit_draws_the_same_examples_each_time(tmp_path, pictures, capsys):
    export_brightness(tmp_path / "models")
    common = ("catdog", "--data", pictures, "--models", tmp_path / "models", "--json", "--limit", 10)
    assert quartet(*common) == quartet(*common) == 0
    first, second = capsys.readouterr().out.replace("}\n{", "}\0{").split("\0")
    assert first.strip() == second.strip()
    document = json.loads(first)
    assert (document["examples"], document["split"]) == (10, "all (10 drawn at random)")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--models", "nowhere"], "has no version"),
        (["--version", "7"], "has no version 7"),
        (["--data", "nowhere"], "there is nothing at nowhere"),
    ],
)
def test_what_is_missing_is_said_with_status_2(arguments, reason, tmp_path, pictures, capsys):
    export_brightness(tmp_path / "models")
    assert quartet("catdog", "--data", pictures, "--models", tmp_path / "models", *arguments) == 2
    assert reason in capsys.readouterr().err
