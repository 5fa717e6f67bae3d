"""A model folder is measured through its own graph and rules; `quartet evaluate` prints what was found."""

import argparse
import json
from datetime import UTC, datetime
from io import StringIO

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from app.inputs.spec import ImageSpec, TextSpec
from app.serving.artifact import GOLDEN_FILE, MANIFEST_FILE, checksums
from app.serving.errors import ArtifactError
from app.serving.golden import Golden, save_golden
from app.serving.manifest import DatasetInfo, Estimate, Manifest, OodRule, OperatingPoint, SplitMetrics
from app.serving.tensorflow_engine import TensorFlowEngine
from training.datasets.base import Split
from training.datasets.catalogue import find_source
from training.datasets.contents import dataset_digest
from training.evaluate import Evaluation, evaluate_artifact
from training.evaluate_command import add_evaluate
from training.report.tables import evaluation_as_json, print_evaluation

SIDE = 8
ANY = Estimate(value=0.5, low=0.4, high=0.6)


def export(models, task, serve, spec, labels, golden_inputs, *, threshold=None, digest="0" * 64, version=1):
    """Export a model as a verified folder, without training one."""
    import tensorflow as tf

    folder = models / task / str(version)
    module = tf.Module()
    module.serve = serve
    tf.saved_model.save(module, str(folder), signatures={"serving_default": serve})
    outputs = TensorFlowEngine(folder).run(golden_inputs)
    save_golden(folder / GOLDEN_FILE, Golden(golden_inputs, outputs.probabilities, outputs.ood_score))
    point = threshold and OperatingPoint(
        positive=labels[1], threshold=threshold, chosen_by="hand", sensitivity=ANY, specificity=ANY
    )
    manifest = Manifest(
        task=task,
        version=version,
        created=datetime(2025, 1, 1, tzinfo=UTC),
        recipe=f"{task}/brightness",
        seed=3,
        command="none",
        libraries={},
        parameters=1,
        labels=labels,
        input=spec,
        temperature=1.0,
        operating_point=point,
        ood=OodRule(method="standard deviation", threshold=0.2, chosen_by="hand"),
        dataset=DatasetInfo(
            name="drawn",
            digest=digest,
            train=18,
            validation=6,
            validation_fraction=0.25,
            grouped_by=None,
            skipped=0,
        ),
        metrics=(),
        files=checksums(folder),
    )
    (folder / MANIFEST_FILE).write_text(manifest.model_dump_json())
    return folder


def export_brightness(models, **options):
    """A model whose probability of the second label is the mean brightness, and whose score is its spread."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None, SIDE, SIDE, 1], tf.uint8, name="inputs")])
    def serve(inputs):
        light = tf.cast(inputs, tf.float32) / 255
        mean = tf.reduce_mean(light, [1, 2, 3])
        return {
            "probabilities": tf.stack([1 - mean, mean], axis=1),
            "ood_score": tf.math.reduce_std(light, [1, 2, 3]),
        }

    golden = np.stack([np.full((SIDE, SIDE, 1), level, np.uint8) for level in (10, 100, 240)])
    spec = ImageSpec(mode="L", height=SIDE, width=SIDE)
    return export(models, "catdog", serve, spec, ("cat", "dog"), golden, **options)


def brightness_split(levels, labels):
    inputs = np.stack([np.full((SIDE, SIDE, 1), level, np.uint8) for level in levels])
    names = tuple(f"picture {i}" for i in range(len(labels)))
    return Split(inputs, np.array(labels), names, names)


LEVELS = (20, 60, 110, 140, 200, 250)
LABELS = (0, 0, 1, 0, 1, 1)


def test_answers_are_those_of_the_saved_graph(tmp_path):
    folder = export_brightness(tmp_path)
    evaluation = evaluate_artifact(folder, brightness_split(LEVELS, LABELS), split_name="validation", quiet=True)
    np.testing.assert_array_equal(evaluation.confusion, [[2, 1], [1, 2]])
    values = evaluation.metrics.values
    assert (evaluation.metrics.split, evaluation.metrics.examples) == ("validation", 6)
    assert values["accuracy"].value == pytest.approx(4 / 6)
    assert values["auc"].value == pytest.approx(8 / 9)
    of_true = [level / 255 if label else 1 - level / 255 for level, label in zip(LEVELS, LABELS, strict=True)]
    assert values["nll"].value == pytest.approx(-np.log(of_true).mean(), abs=1e-5)


def test_the_operating_point_decides_as_it_does_in_an_answer(tmp_path):
    folder = export_brightness(tmp_path, threshold=0.2)
    evaluation = evaluate_artifact(folder, brightness_split(LEVELS, LABELS), split_name="validation", quiet=True)
    np.testing.assert_array_equal(evaluation.confusion, [[1, 2], [0, 3]])
    assert evaluation.metrics.values["recall/dog"].value == 1


def test_inputs_unlike_the_training_data_are_counted(tmp_path):
    folder = export_brightness(tmp_path)
    split = brightness_split(LEVELS, LABELS)
    split.inputs[:3, :, ::2] = 0
    split.inputs[:3, :, 1::2] = 255
    evaluation = evaluate_artifact(folder, split, split_name="validation", quiet=True)
    assert evaluation.in_distribution.value == 0.5
    assert 0 <= evaluation.in_distribution.low < 0.5 < evaluation.in_distribution.high <= 1


def test_more_examples_than_one_batch_keep_their_order(tmp_path):
    levels = np.random.default_rng(0).integers(0, 256, 150)
    labels = (levels >= 128).astype(np.int64)
    folder = export_brightness(tmp_path)
    evaluation = evaluate_artifact(folder, brightness_split(levels, labels), split_name="all", quiet=True)
    assert evaluation.metrics.values["accuracy"].value == 1


def test_texts_are_answered_too(tmp_path):
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def serve(inputs):
        is_oil = tf.cast(tf.strings.regex_full_match(inputs, ".*öl.*"), tf.float32)
        return {"probabilities": tf.stack([1 - is_oil, is_oil], axis=1), "ood_score": is_oil * 0}

    texts = np.array(["Rohöl steigt", "wheat falls", "öl", "gold"], object)
    folder = export(tmp_path, "topic", serve, TextSpec(), ("other", "crude"), texts)
    split = Split(texts, np.array([1, 0, 1, 0]), tuple("abcd"), tuple("abcd"))
    evaluation = evaluate_artifact(folder, split, split_name="all", quiet=True)
    assert evaluation.metrics.values["accuracy"].value == 1


def test_a_tampered_folder_is_not_evaluated(tmp_path):
    folder = export_brightness(tmp_path)
    with (folder / "saved_model.pb").open("ab") as graph:
        graph.write(b"\0")
    with pytest.raises(ArtifactError, match="sha256"):
        evaluate_artifact(folder, brightness_split(LEVELS, LABELS), split_name="all", quiet=True)


def test_an_empty_split_is_refused(tmp_path):
    split = Split(np.empty((0, SIDE, SIDE, 1), np.uint8), np.empty(0, np.int64), (), ())
    with pytest.raises(ValueError, match="no example"):
        evaluate_artifact(export_brightness(tmp_path), split, split_name="all", quiet=True)


def printed(evaluation):
    console = Console(file=StringIO(), width=140)
    print_evaluation(evaluation, console)
    return console.file.getvalue()


def made_up(confusion, labels):
    values = {"accuracy": Estimate(value=0.9, low=0.85, high=0.95)}
    values |= {f"recall/{label}": ANY for label in labels}
    values |= {f"precision/{label}": ANY for label in labels[1:]}
    manifest = Manifest.model_construct(
        task="topic", version=2, recipe="topic/linear", labels=labels, operating_point=None
    )
    metrics = SplitMetrics(split="validation", examples=int(confusion.sum()), values=values)
    return Evaluation(manifest, metrics, confusion, ANY)


def test_few_labels_are_printed_with_the_whole_matrix():
    text = printed(made_up(np.array([[1234, 5, 0], [6, 78, 9], [0, 11, 3]]), ("a", "[b]", "c")))
    rows = [line.split() for line in text.splitlines()]
    assert ["accuracy", "0.9000", "0.8500", "to", "0.9500"] in rows
    assert ["a", "1,239", "-", "-", "0.500", "0.400", "to", "0.600"] in rows
    assert ["a", "1,234", "5", "0"] in rows
    assert ["[b]", "6", "78", "9"] in rows
    assert "News topic, version 2 (topic/linear), on validation: 1,346 examples." in text


def test_of_many_labels_the_largest_confusions_are_listed_largest_first():
    labels = tuple(f"label{i}" for i in range(46))
    confusion = np.eye(46, dtype=np.int64) * 10
    confusion[3, 7], confusion[9, 2] = 4, 6
    rows = [line.split() for line in printed(made_up(confusion, labels)).splitlines()]
    first, second = (
        rows.index(row) for row in (["label9", "label2", "6", "37.5%"], ["label3", "label7", "4", "28.6%"])
    )
    assert first < second
    assert sum(row[:1] == ["label9"] for row in rows) == 2
    assert ["label45", "10", "0.500", "0.400", "to", "0.600", "0.500", "0.400", "to", "0.600"] in rows


def test_json_has_every_figure():
    evaluation = made_up(np.array([[3, 1], [0, 4]]), ("a", "b"))
    document = json.loads(evaluation_as_json(evaluation))
    assert document["confusion"] == [[3, 1], [0, 4]]
    assert document["figures"]["accuracy"] == {"value": 0.9, "low": 0.85, "high": 0.95}
    assert document["in_distribution"]["value"] == 0.5
    assert (document["task"], document["version"], document["examples"]) == ("topic", 2, 8)
    assert document["threshold"] is None


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
